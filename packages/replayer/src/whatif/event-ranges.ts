import { FLAG, isValid, KINDS, type KindName } from '@p2mtrace/trace-format';
import { MAX_FRAME } from '../memory/frame-table.js';
import { alignDown, framesOf } from '../memory/order.js';
import type { SectionBatch } from './section-columns.js';

/** What an event of a kind does to the section that it is in. */
export const TOUCH_NOTHING = 0;
const TOUCH_READ = 1;
export const TOUCH_WRITE = 2;
/** It is about all of the p2m. */
export const TOUCH_ALL = 3;

const WRITES: readonly KindName[] = [
  'set_entry',
  'm2p_set',
  'type_change_range',
  'pod_populate',
  'pod_zero_reclaim',
  'pod_splinter',
  'page_nominate',
  'page_evict',
  'page_populate',
  'page_prep',
  'page_resume',
  'share_nominate',
  'share_pages',
  'unshare',
  'remap',
];
const READS: readonly KindName[] = ['lookup', 'put_gfn', 'decrease_reservation'];
const ALL: readonly KindName[] = ['view_destroy', 'view_reset', 'domain_destroy'];

/** By kind: one of the above. */
export const TOUCHES: Uint8Array = Uint8Array.from(KINDS, ({ name }) => {
  const kind = name as KindName;
  if (WRITES.includes(kind)) return TOUCH_WRITE;
  if (READS.includes(kind)) return TOUCH_READ;
  return ALL.includes(kind) ? TOUCH_ALL : TOUCH_NOTHING;
});

const K = Object.fromEntries(KINDS.map(({ name }, index) => [name, index])) as Record<KindName, number>;
const K_LOOKUP = K.lookup;
const K_TYPE_CHANGE = K.type_change_range;

/** The range of gfns of the event looked at last. */
export const eventRange = {
  first: 0,
  last: 0,
  /** It does not begin at a multiple of its order. */
  unaligned: false,
  /** It has an order above 0, so that it could be unaligned. */
  ordered: false,
};

/**
 * Finds the gfns that an event is about, in `eventRange`; false if it names none. A lookup is about the entry that it
 * found, whose order it returns; all others ask for `[gfn, gfn + 2^order)`, be it aligned or not.
 */
export function readRange({ columns: c, validity: v }: SectionBatch, row: number): boolean {
  if (!isValid(v.gfn, row)) return false;
  const kind = c.kind[row];
  const gfn = c.gfn[2 * row + 1] * 2 ** 32 + c.gfn[2 * row];
  if (gfn >= MAX_FRAME) return false;
  const order = isValid(v.order, row) ? Math.min(c.order[row], 52) : 0;
  eventRange.unaligned = false;
  eventRange.ordered = false;
  if (kind === K_TYPE_CHANGE) {
    const end = isValid(v.arg0, row) ? c.arg0[2 * row + 1] * 2 ** 32 + c.arg0[2 * row] : gfn + 1;
    eventRange.first = gfn;
    eventRange.last = Math.min(MAX_FRAME, Math.max(gfn, end - 1));
  } else if (kind === K_LOOKUP) {
    eventRange.first = alignDown(gfn, order);
    eventRange.last = eventRange.first + framesOf(order) - 1;
  } else {
    eventRange.first = gfn;
    eventRange.last = gfn + framesOf(order) - 1;
    eventRange.ordered = order > 0;
    eventRange.unaligned = order > 0 && alignDown(gfn, order) !== gfn;
  }
  return true;
}

/** The lookup returned with the lock held. */
export const isLocked = ({ columns }: SectionBatch, row: number): boolean => (columns.flags[row] & FLAG.locked) !== 0;
