import type { TraceResult } from '../audit/trace-result.js';
import { AuditNumbers } from './audit-numbers.js';

const MINUTE_MS = 60_000;

/** What a worker does, in numbers. */
export class WorkerCounts {
  readonly numbers = new AuditNumbers();
  running = 0;
  /** When traces ended in the last minute, and their events. */
  private recent: { readonly at: number; readonly events: number }[] = [];
  private readonly began = Date.now();

  begin(): void {
    this.running++;
  }

  keep(): void {
    this.numbers.kept++;
    this.recent.push({ at: Date.now(), events: 0 });
  }

  end(result: TraceResult, milliseconds: number): void {
    this.running--;
    this.numbers.add(result);
    this.numbers.took(milliseconds);
    this.recent.push({ at: Date.now(), events: result.events });
  }

  fail(milliseconds: number): void {
    this.running--;
    this.numbers.failed++;
    this.numbers.took(milliseconds);
  }

  /** By the last minute, or since it began. */
  get speed(): { readonly tracesPerMinute: number; readonly eventsPerSecond: number } {
    const now = Date.now();
    this.recent = this.recent.filter(({ at }) => now - at < MINUTE_MS);
    const minutes = Math.max(1000, Math.min(MINUTE_MS, now - this.began)) / MINUTE_MS;
    const events = this.recent.reduce((sum, one) => sum + one.events, 0);
    return {
      tracesPerMinute: Math.round(this.recent.length / minutes),
      eventsPerSecond: Math.round(events / minutes / 60),
    };
  }
}
