import { setImmediate } from 'node:timers/promises';
import { BatchMemory, getU64, isValid, KIND, KINDS, type TraceReader } from '@p2mtrace/trace-format';
import type { Overview } from '@p2mtrace/ui';

/** Bins of the timeline. */
const BINS = 512;
/** Losses that are marked. */
const LOSSES = 10_000;

/** Kinds by what the timeline tells apart; the rest is `other`. */
const GROUPS = ['p2m', 'page', 'lock', 'other'] as const;

const GROUP_OF = Uint8Array.from(KINDS, ({ group }) => {
  const at = (GROUPS as readonly string[]).indexOf(group);
  return at < 0 ? GROUPS.length - 1 : at;
});

/**
 * Events by group and bin, batch by batch, between which others get their turn.
 * @throws P2mError P2M_DAMAGED
 */
export async function overviewOf(reader: TraceReader, tscHz: number | undefined): Promise<Overview> {
  const first = reader.batches[0]?.firstSeq ?? 0;
  const bins = Math.max(1, Math.min(BINS, reader.rows));
  const counts = GROUPS.map(() => new Float64Array(bins));
  const losses: number[] = [];
  const edges = new BinEdges(bins, reader.rows);
  const memory = new BatchMemory();
  for (const info of reader.batches) {
    const { columns, validity } = reader.read(info, ['kind', 'tsc'], memory);
    const at = info.firstSeq - first;
    for (let row = 0; row < info.rows; row++) {
      const kind = columns.kind[row];
      counts[GROUP_OF[kind]][Math.floor(((at + row) * bins) / reader.rows)]++;
      if (kind === KIND.lost && losses.length < LOSSES) losses.push(info.firstSeq + row);
    }
    edges.look(at, info.rows, row => (isValid(validity.tsc, row) ? getU64(columns.tsc, row) : undefined));
    await setImmediate();
  }
  return {
    bins,
    groups: GROUPS.map((name, i) => ({ name, counts: [...counts[i]] })),
    rates: edges.rates(tscHz),
    losses,
  };
}

/** The first TSC of each bin. */
class BinEdges {
  private readonly bins: number;
  private readonly rows: number;
  private readonly tscs: (bigint | undefined)[];
  private last: bigint | undefined;

  constructor(bins: number, rows: number) {
    this.bins = bins;
    this.rows = rows;
    this.tscs = Array<bigint | undefined>(bins);
  }

  look(at: number, rows: number, tscOf: (row: number) => bigint | undefined): void {
    const from = Math.ceil((at * this.bins) / this.rows);
    for (let bin = from; bin < this.bins; bin++) {
      const row = Math.ceil((bin * this.rows) / this.bins) - at;
      if (row >= rows) break;
      this.tscs[bin] = tscOf(row);
    }
    this.last = tscOf(rows - 1) ?? this.last;
  }

  /** Events a second, or a tick if the frequency is unknown; null where a TSC is missing, or time goes back (records of several pcpus). */
  rates(hz: number | undefined): (number | null)[] {
    return this.tscs.map((tsc, bin) => {
      const next = bin + 1 < this.bins ? this.tscs[bin + 1] : this.last;
      if (tsc === undefined || next === undefined || next <= tsc) return null;
      return (this.rows / this.bins / Number(next - tsc)) * (hz ?? 1);
    });
  }
}
