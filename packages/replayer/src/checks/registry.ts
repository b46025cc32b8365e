import type { MakeCheck } from './check.js';
import { misalignedOrder } from './misaligned-order.js';

/** Every check, in the order in which they look at an event. */
export const CHECKS: readonly MakeCheck[] = [misalignedOrder];
