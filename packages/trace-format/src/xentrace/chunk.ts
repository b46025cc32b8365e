import { HEADER_TSC_BIT, recordWords } from '../schema/xentrace-records.js';

/** One window of a capture: records of one pcpu, as one poll of xentrace found them (docs/xen.md#windows-and-order). */
export interface Chunk {
  readonly pcpu: number;
  /** Number of the polling round over all pcpus that found it. */
  readonly sweep: number;
  /** Offset of its first record in the input. */
  readonly offset: number;
  readonly bytes: number;
  /** Its records if they are in memory already (streams); otherwise they are read from the file. */
  words?: Uint32Array | undefined;
  /** TSC of its last record that has one, 0 if none has; undefined until it is looked up. */
  lastTsc?: bigint;
}

/** Last TSC in a run of records, 0 if none has one. */
export function lastTscOf(words: Uint32Array, end: number): bigint {
  let found = -1;
  for (let at = 0; at < end; ) {
    const header = words[at];
    const next = at + recordWords(header);
    if (next > end) break;
    if (header >= HEADER_TSC_BIT) found = at;
    at = next;
  }
  return found < 0 ? 0n : (BigInt(words[found + 2]) << 32n) | BigInt(words[found + 1]);
}

/**
 * What the file's polling rounds prove about time (docs/format.md#time-and-order, captures without dense TSCs).
 * xentrace polls all pcpus in turn, so a record that one sweep found was made after everything that the previous
 * sweep, or the same pcpu's turn in it, had already written.
 */
export class PollingBounds {
  /** Chunks by sweep, as far as they are known. */
  private readonly sweeps = new Map<number, Chunk[]>();
  /** Highest TSC of sweeps 0…i that were asked for; the chunks of those are dropped. */
  private prefix = { sweep: -1, tsc: 0n };
  private readonly tscOf: (chunk: Chunk) => bigint;

  constructor(tscOf: (chunk: Chunk) => bigint) {
    this.tscOf = tscOf;
  }

  add(chunk: Chunk): void {
    const chunks = this.sweeps.get(chunk.sweep);
    if (chunks === undefined) this.sweeps.set(chunk.sweep, [chunk]);
    else chunks.push(chunk);
  }

  /** No record of the pcpu found in this sweep has an earlier TSC than this; 0 if nothing is known. */
  floor(sweep: number, pcpu: number): bigint {
    let floor = this.throughSweep(sweep - 2);
    for (const chunk of this.sweeps.get(sweep - 1) ?? []) {
      if (chunk.pcpu <= pcpu) floor = max(floor, this.tscOf(chunk));
    }
    return floor;
  }

  private throughSweep(sweep: number): bigint {
    if (sweep < this.prefix.sweep) return this.exactPrefix(sweep);
    let { tsc } = this.prefix;
    for (let i = this.prefix.sweep + 1; i <= sweep; i++) {
      for (const chunk of this.sweeps.get(i) ?? []) tsc = max(tsc, this.tscOf(chunk));
      this.history.set(i, tsc);
    }
    if (sweep > this.prefix.sweep) this.prefix = { sweep, tsc };
    return tsc;
  }

  /** Prefix maxima of earlier sweeps, for a pcpu that lags behind. */
  private readonly history = new Map<number, bigint>();
  private exactPrefix(sweep: number): bigint {
    return this.history.get(sweep) ?? 0n;
  }

  /** Drops what is known of sweeps before this one alone; a pcpu that lags that far behind knows less. */
  forget(sweep: number): void {
    if (sweep <= this.forgotten) return;
    this.throughSweep(sweep - 1);
    for (; this.forgotten < sweep; this.forgotten++) {
      this.sweeps.delete(this.forgotten);
      this.history.delete(this.forgotten - 1);
    }
  }
  private forgotten = 0;
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
