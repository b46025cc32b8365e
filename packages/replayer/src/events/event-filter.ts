import type { TraceReader } from '@p2mtrace/trace-format';
import { ColumnBatch } from './column-batch.js';

/** Selects events, for a whole batch at a time over typed arrays. */
export interface EventFilter {
  /** Sets `mask[row]` to 1 if the row matches and to 0 if not, for every row of the batch. */
  fill(batch: ColumnBatch, mask: Uint8Array): void;
}

/** Events `from` (inclusive) to `to` (exclusive) by seq; by default, from the start and to the end of the trace. */
export interface SeqRange {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/**
 * Seqs of the events that match a filter, in order or in reverse order.
 * @throws P2mError P2M_DAMAGED
 */
export function* matchingEvents(
  reader: TraceReader,
  filter: EventFilter,
  { from = 0, to = Number.POSITIVE_INFINITY }: SeqRange = {},
  direction: 'forward' | 'backward' = 'forward',
): Generator<number, void> {
  const batch = new ColumnBatch(reader);
  const backward = direction === 'backward';
  const { batches } = reader;
  let mask = new Uint8Array(0);
  for (let i = 0; i < batches.length; i++) {
    const info = batches[backward ? batches.length - 1 - i : i];
    const first = Math.max(0, from - info.firstSeq);
    const end = Math.min(info.rows, to - info.firstSeq);
    if (first >= end) continue;
    if (mask.length < info.rows) mask = new Uint8Array(info.rows);
    filter.fill(batch.open(info), mask);
    // indexOf on bytes is a memchr: most batches have no hit.
    const hits = mask.subarray(0, end);
    if (backward) {
      for (let row = hits.lastIndexOf(1); row >= first; row = row === 0 ? -1 : hits.lastIndexOf(1, row - 1)) {
        yield info.firstSeq + row;
      }
    } else {
      for (let row = hits.indexOf(1, first); row >= 0; row = hits.indexOf(1, row + 1)) yield info.firstSeq + row;
    }
  }
}

/** The first of `matchingEvents`; undefined for none. @throws P2mError P2M_DAMAGED */
export function firstMatch(...args: Parameters<typeof matchingEvents>): number | undefined {
  for (const seq of matchingEvents(...args)) return seq;
  return undefined;
}
