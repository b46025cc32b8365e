import { P2M_TYPES } from '@p2mtrace/trace-format';
import { NO_MFN } from '../tables/p2m-table.js';

const INVALID = P2M_TYPES.indexOf('invalid');
const MMIO_DM = P2M_TYPES.indexOf('mmio_dm');

/**
 * Nothing is there: an entry that was removed is invalid, and mmio_dm without a frame is how p2m-pt.c and p2m-ept.c
 * answer for it, or for one that was never written. All of these are one state, and who finds it has nothing to use.
 * Other types without a frame (populate_on_demand, ram_paged …) are not.
 */
export function isHole(type: number, mfn: number): boolean {
  return mfn === NO_MFN && (type === INVALID || type === MMIO_DM);
}
