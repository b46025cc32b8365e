import type { Severity } from '@p2mtrace/analyzers';
import type { TraceResult } from '../audit/trace-result.js';

/** Upper bounds of the classes of job times, in seconds. */
export const TIME_BOUNDS = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800] as const;

/** What an audit, or a worker, has seen so far. */
export class AuditNumbers {
  judged = 0;
  /** Judged before: not again. */
  kept = 0;
  /** That could not be judged. */
  failed = 0;
  events = 0;
  lostRecords = 0;
  /** Times by class, the last of which has what is above all bounds. */
  readonly times: number[] = new Array(TIME_BOUNDS.length + 1).fill(0);
  seconds = 0;
  /** Findings by rule and severity, as JSON. */
  private readonly findings = new Map<string, number>();

  /** Counts a result, which it had before if `isKept`. */
  add({ problem, events, lost, findings }: TraceResult, isKept = false): void {
    if (isKept) this.kept++;
    else if (problem === null) this.judged++;
    else this.failed++;
    this.events += events;
    this.lostRecords += lost;
    for (const { rule, severity } of findings) {
      const name = JSON.stringify([rule, severity]);
      this.findings.set(name, (this.findings.get(name) ?? 0) + 1);
    }
  }

  /** Counts how long a trace took. */
  took(milliseconds: number): void {
    const seconds = milliseconds / 1000;
    const place = TIME_BOUNDS.findIndex(bound => seconds <= bound);
    this.times[place < 0 ? TIME_BOUNDS.length : place]++;
    this.seconds += seconds;
  }

  get byRule(): readonly { readonly rule: string; readonly severity: Severity; readonly count: number }[] {
    return [...this.findings].map(([name, count]) => {
      const [rule, severity] = JSON.parse(name) as [string, Severity];
      return { rule, severity, count };
    });
  }
}
