import { framesOf } from '../memory/order.js';
import { GRANULE_ORDER, type LockDesign } from './design.js';
import type { EverClaimed } from './ever-claimed.js';

/** Bytes of one lock: a spinlock with its owner and depth of recursion, padded to 16. */
export const LOCK_BYTES = 16;

/** Locks that a design needs, and what they take. */
export interface LockMemory {
  readonly lockBytes: number;
  /** Granules claimed at once, at most; claimed at all; and all up to the highest gfn. */
  readonly peak: number;
  readonly ever: number;
  readonly preallocated: number;
}

/**
 * `peak`: granules that the experiment had claimed at once, at most. `claimed`: what was claimed of each p2m. `copies`: how
 * many there are of each p2m's gfns.
 */
export function lockMemory(
  { discipline, granularity }: LockDesign,
  peak: number,
  claimed: readonly EverClaimed[],
  copies: number,
): LockMemory {
  if (discipline === 'refuse') return { lockBytes: LOCK_BYTES, peak: 0, ever: 0, preallocated: 0 };
  if (granularity === null || granularity === 'all') {
    const p2ms = claimed.length;
    return { lockBytes: LOCK_BYTES, peak: discipline === 'recorded' ? p2ms : peak, ever: p2ms, preallocated: p2ms };
  }
  let ever = 0;
  let preallocated = 0;
  for (const one of claimed) {
    ever += one[granularity].size * copies;
    preallocated += Math.ceil((one.highest + 1) / framesOf(GRANULE_ORDER[granularity])) * copies;
  }
  return { lockBytes: LOCK_BYTES, peak, ever, preallocated };
}
