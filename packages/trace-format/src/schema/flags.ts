/** Bits of the `flags` column, by position. Which ones a kind uses is in kinds.ts. */
export const FLAG_NAMES = [
  'locked', // lookup: the gfn's lock is held on return
  'read_locked', // lookup: only the read lock is held on return
  'alloc', // lookup: P2M_ALLOC asked for
  'unshare', // lookup: P2M_UNSHARE asked for
  'failed', // the operation did not succeed
  'attempt', // recorded before the attempt, outcome unknown (stock SET_P2M_ENTRY, X§0.3)
  'light', // get_page_light
  'recursive', // lock: taken by a recursive variant
  'shared', // m2p_set: the value is SHARED_M2P_ENTRY
  'map', // page_use
  'unmap',
  'read',
  'write',
  'foreign', // phys_to_machine_set: FOREIGN_FRAME_BIT (X§7)
  'identity', // phys_to_machine_set: IDENTITY_FRAME_BIT
  'readonly', // grant: GNTMAP_readonly
  'device_map', // grant: GNTMAP_device_map
  'host_map', // grant: GNTMAP_host_map
  'application_map', // grant: GNTMAP_application_map
  'contains_pte', // grant: GNTMAP_contains_pte
  'allocated', // snapshot of a page: a page_alloc was seen
  'free', // snapshot of a page: it is free
  'stale', // snapshot of an entry of a view: the host's has changed since
  'unowned', // snapshot of a page: it is nobody's
  'counted', // snapshot of a page: its count is one of references
] as const;
export type FlagName = (typeof FLAG_NAMES)[number];

/** The bit of each flag: `FLAG.locked === 1`. */
export const FLAG = Object.fromEntries(FLAG_NAMES.map((name, bit) => [name, 1 << bit])) as Record<FlagName, number>;

/** Names of the bits that are set, lowest first. */
export function flagNames(bits: number): FlagName[] {
  return FLAG_NAMES.filter(name => (bits & FLAG[name]) !== 0);
}
