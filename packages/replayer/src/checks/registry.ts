import type { MakeCheck } from './check.js';
import { lockAgain } from './lock-again.js';
import { lockDuration } from './lock-duration.js';
import { lockHeld } from './lock-held.js';
import { lockLevels } from './lock-levels.js';
import { lockRelease } from './lock-release.js';
import { misalignedOrder } from './misaligned-order.js';

/** Every check, in the order in which they look at an event. */
export const CHECKS: readonly MakeCheck[] = [
  misalignedOrder,
  lockLevels,
  lockAgain,
  lockRelease,
  lockHeld,
  lockDuration,
];
