import { getU53, isValid, KIND } from '@p2mtrace/trace-format';
import { alignDown, framesOf } from '../memory/order.js';
import type { EntryOf } from '../state/replay-context.js';
import type { LateRecords, OrderBatch } from './late-records.js';

/**
 * Whether another pcpu may have taken the entry away before the event with this seq happened, though its set_entry is
 * recorded behind it.
 * @throws P2mError P2M_DAMAGED
 */
export function mayBeRemovedBefore(
  records: LateRecords,
  seq: number,
  entry: EntryOf,
  isDoubtful: (pcpu: number) => boolean,
): boolean {
  return records.some(
    seq,
    isDoubtful,
    (batch, row) => batch.columns.kind[row] === KIND.set_entry && removes(batch, row, entry),
  );
}

/** The write gives the gfn something else, or nothing. */
function removes({ columns: c, validity: v }: OrderBatch, row: number, entry: EntryOf) {
  if (c.domid[row] !== entry.domid || c.view[row] !== entry.view) return false;
  const order = c.order[row];
  const start = alignDown(getU53(c.gfn, row), order);
  const offset = entry.gfn - start;
  if (offset < 0 || offset >= framesOf(order)) return false;
  return !isValid(v.mfn, row) || getU53(c.mfn, row) + offset !== entry.mfn;
}
