import { getU53, isValid, KIND } from '@p2mtrace/trace-format';
import type { LateRecords } from './late-records.js';

/**
 * How many references on the frame other pcpus may have dropped before the event with this seq happened, though their
 * put_page is recorded behind it.
 * @throws P2mError P2M_DAMAGED
 */
export function earlierPuts(
  records: LateRecords,
  seq: number,
  mfn: number,
  isDoubtful: (pcpu: number) => boolean,
): number {
  let puts = 0;
  records.some(seq, isDoubtful, ({ columns: c, validity: v }, row) => {
    if (c.kind[row] === KIND.put_page && isValid(v.mfn, row) && getU53(c.mfn, row) === mfn) puts++;
    return false;
  });
  return puts;
}
