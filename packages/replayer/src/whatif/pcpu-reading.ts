import { CHUNK_OPS, OP_TICK, OpStream } from './op-stream.js';
import type { OpenSection } from './open-section.js';

/** What is known of a pcpu while its events are read. */
export class PcpuReading {
  readonly stream = new OpStream();
  /** Recorded time of the last operation. */
  time = 0;
  readonly sections: OpenSection[] = [];
  readonly spare: OpenSection[] = [];
  /** Other locks that it holds, how often, and 1 for reading. */
  readonly held: number[] = [];
  readonly depths: number[] = [];
  readonly modes: number[] = [];
  /** The lock that it waits for, -1 for none, where that is in the operations, and since when. */
  waitLock = -1;
  waitAt = 0;
  waitSince = 0;

  /** The innermost section of that lock or p2m. */
  sectionOf(res: number): OpenSection | undefined {
    const { sections } = this;
    for (let i = sections.length - 1; i >= 0; i--) if (sections[i].res === res) return sections[i];
    return undefined;
  }

  has(lock: number): boolean {
    return this.sectionOf(lock) !== undefined || this.held.includes(lock);
  }

  /** Adds an operation without its details at that time, and returns its place. */
  add(kind: number, res: number, now: number, seq: number): number {
    const ticks = Math.max(0, now - this.time);
    if (now > this.time) this.time = now;
    return this.stream.add(kind, res, ticks, seq);
  }

  /** Time passes: whoever comes next knows that nothing happens until then. */
  tick(now: number): void {
    if (this.waitLock < 0 && this.time < now) this.add(OP_TICK, -1, now, -0.5);
  }

  /** It has not got what it waited for: a trylock, or a loss. */
  forgetWait(): void {
    if (this.waitLock < 0) return;
    this.stream.chunk(this.waitAt).kind[this.waitAt & (CHUNK_OPS - 1)] = OP_TICK;
    this.waitLock = -1;
  }
}
