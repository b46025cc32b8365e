import { getU53, isValid, KIND } from '@p2mtrace/trace-format';
import type { OrderRows } from './order-rows.js';

/** Records behind an event among which the next one of each pcpu is looked for. */
const REACH = 1 << 16;

/**
 * How many references on the frame other pcpus may have dropped before the event with this seq happened, though their
 * put_page is recorded behind it: its window begins before. `slack`: ticks by which TSCs may be wrong.
 * @throws P2mError P2M_DAMAGED
 */
export function earlierPuts(rows: OrderRows, seq: number, mfn: number, slack: number): number {
  const { batch: own, row: ownRow } = rows.at(seq);
  if (!isValid(own.validity.tsc, ownRow) || !isValid(own.validity.pcpu, ownRow)) return 0;
  const tsc = getU53(own.columns.tsc, ownRow);
  /** pcpus that have recorded something since: what they record next happened since, too. */
  const passed = new Set([own.columns.pcpu[ownRow]]);
  const end = Math.min(rows.end, seq + REACH);
  let puts = 0;
  for (let at = seq + 1; at < end && passed.size < rows.pcpus; ) {
    const { batch, row: from } = rows.at(at);
    for (let row = from; row < batch.rows && at < end; row++, at++) {
      const { columns: c, validity: v } = batch;
      if (!isValid(v.pcpu, row) || !isValid(v.tsc, row) || passed.has(c.pcpu[row])) continue;
      if (c.kind[row] === KIND.put_page && isValid(v.mfn, row) && getU53(c.mfn, row) === mfn) puts++;
      if (getU53(c.tsc, row) >= tsc + slack) passed.add(c.pcpu[row]);
    }
  }
  return puts;
}
