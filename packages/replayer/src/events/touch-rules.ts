import { KINDS, type KindName } from '@p2mtrace/trace-format';

/** How an event of a kind names what it touches. */
export const NOT = 0;
/** One frame, whatever its order says: a lookup has the order of the entry that it found. */
export const FRAME = 1;
/** 2^order frames. */
const RANGE = 2;
/** 2^order frames, of which a 2M record names the last (pod_zero_reclaim, docs/xen.md#pod-record-frames). */
export const RANGE_BY_LAST = 3;
/** From the frame up to the one in arg0. */
export const UP_TO_ARG0 = 4;
/** The frame, in the domain that runs. */
export const FRAME_OF_CURRENT = 5;
/** The frame, and the one in arg0. */
export const FRAME_AND_ARG0 = 6;
/** All of a view, all of a domain, everything. */
export const VIEW = 7;
export const DOMAIN = 8;
export const ALL = 9;

type Rule = number;

function rules(byKind: Partial<Record<KindName, Rule>>, others: (columns: readonly string[]) => Rule): Uint8Array {
  return Uint8Array.from(KINDS, ({ name, needs, may }) => byKind[name] ?? others([...needs, ...may]));
}

/** Loss makes everything unknown, so it touches everything. */
export const GFN_RULES = rules(
  {
    put_gfn: RANGE,
    set_entry: RANGE,
    snapshot: RANGE,
    pod_populate: RANGE,
    pod_zero_reclaim: RANGE,
    pod_splinter: RANGE,
    decrease_reservation: RANGE,
    type_change_range: UP_TO_ARG0,
    snapshot_type_change: UP_TO_ARG0,
    npf: FRAME_OF_CURRENT,
    view_create: VIEW,
    view_destroy: VIEW,
    view_reset: VIEW,
    domain_create: DOMAIN,
    domain_destroy: DOMAIN,
    domain_dying: DOMAIN,
    lost: ALL,
  },
  columns => (columns.includes('gfn') && columns.includes('domid') ? FRAME : NOT),
);

export const MFN_RULES = rules(
  {
    set_entry: RANGE,
    page_alloc: RANGE,
    page_free: RANGE,
    pod_populate: RANGE,
    pod_zero_reclaim: RANGE_BY_LAST,
    pod_cache_add: RANGE,
    pod_cache_get: RANGE,
    snapshot: RANGE,
    snapshot_pod: RANGE,
    m2p_override_add: FRAME_AND_ARG0,
    m2p_override_remove: FRAME_AND_ARG0,
    lost: ALL,
  },
  columns => (columns.includes('mfn') ? FRAME : NOT),
);

export const LOCK_RULES = rules({ lost: ALL }, columns => (columns.includes('lock') ? FRAME : NOT));
