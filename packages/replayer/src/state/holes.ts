import { P2M_TYPES } from '@p2mtrace/trace-format';
import { NO_MFN } from '../tables/p2m-table.js';

const INVALID = P2M_TYPES.indexOf('invalid');
const MMIO_DM = P2M_TYPES.indexOf('mmio_dm');

/**
 * True if nothing is there: a removed entry is invalid, and p2m-pt.c and p2m-ept.c answer mmio_dm without a frame for
 * it, or for one that was never written. All of these are one state, and a lookup finds nothing to use. Other types
 * without a frame (populate_on_demand, ram_paged …) are different.
 */
export function isHole(type: number, mfn: number): boolean {
  return mfn === NO_MFN && (type === INVALID || type === MMIO_DM);
}
