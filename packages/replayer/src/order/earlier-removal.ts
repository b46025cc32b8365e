import { getU53, isValid, KIND } from '@p2mtrace/trace-format';
import { alignDown, framesOf } from '../memory/order.js';
import type { EntryOf } from '../state/replay-context.js';
import type { OrderRows } from './order-rows.js';

/** Records behind an event among which the next one of each pcpu is looked for. */
const REACH = 1 << 16;

/**
 * Whether another pcpu may have taken the entry away before the event with this seq happened, though its set_entry is
 * recorded behind it: its window begins before, or one of the two clocks is not to be compared. `slack`: ticks by which
 * TSCs may be wrong.
 * @throws P2mError P2M_DAMAGED
 */
export function mayBeRemovedBefore(
  rows: OrderRows,
  seq: number,
  entry: EntryOf,
  slack: number,
  isDoubtful: (pcpu: number) => boolean,
): boolean {
  const { batch: own, row: ownRow } = rows.at(seq);
  if (!isValid(own.validity.tsc, ownRow) || !isValid(own.validity.pcpu, ownRow)) return false;
  const tsc = getU53(own.columns.tsc, ownRow);
  const pcpu = own.columns.pcpu[ownRow];
  /** pcpus that have recorded something since: what they record next happened since, too. */
  const passed = new Set([pcpu]);
  const end = Math.min(rows.end, seq + REACH);
  for (let at = seq + 1; at < end && passed.size < rows.pcpus; ) {
    const { batch, row: from } = rows.at(at);
    for (let row = from; row < batch.rows && at < end; row++, at++) {
      const { columns: c, validity: v } = batch;
      if (!isValid(v.pcpu, row) || !isValid(v.tsc, row) || passed.has(c.pcpu[row])) continue;
      if (c.kind[row] === KIND.set_entry && removes(batch, row, entry)) return true;
      const isPast = getU53(c.tsc, row) >= tsc + slack;
      if (isPast && !isDoubtful(pcpu) && !isDoubtful(c.pcpu[row])) passed.add(c.pcpu[row]);
    }
  }
  return false;
}

/** The write gives the gfn something else, or nothing. */
function removes({ columns: c, validity: v }: ReturnType<OrderRows['at']>['batch'], row: number, entry: EntryOf) {
  if (c.domid[row] !== entry.domid || c.view[row] !== entry.view) return false;
  const order = c.order[row];
  const start = alignDown(getU53(c.gfn, row), order);
  const offset = entry.gfn - start;
  if (offset < 0 || offset >= framesOf(order)) return false;
  return !isValid(v.mfn, row) || getU53(c.mfn, row) + offset !== entry.mfn;
}
