import type { KindName } from './kinds.js';

export interface FlagSpec<Name extends string = string> {
  readonly name: Name;
  readonly meaning: string;
  /** Kinds whose events may have it. It means nothing on others. */
  readonly kinds: readonly KindName[];
}

function flag<Name extends string>(name: Name, kinds: string, meaning: string): FlagSpec<Name> {
  return { name, meaning, kinds: kinds.split(' ') as KindName[] };
}

const LOCKS = 'lock_wait lock_acquire lock_release';
const GRANTS = 'grant_map grant_unmap grant_transfer snapshot_grant';
const PFNS = 'phys_to_machine_set snapshot_linux';

/** Bits of the `flags` column, by position: append only. */
export const FLAGS = [
  flag('locked', 'lookup', 'the lock of the gfn is held on return'),
  flag('read_locked', 'lookup', 'only the read lock is held on return'),
  flag('alloc', 'lookup', 'P2M_ALLOC was asked for'),
  flag('unshare', 'lookup', 'P2M_UNSHARE was asked for'),
  // A kind without this flag reports failure by a negative rc, if it can fail at all.
  flag(
    'failed',
    'set_entry m2p_set get_page lock_acquire lock_release grant_map grant_unmap grant_transfer phys_to_machine_set snapshot',
    'it did not succeed, as a negative `rc` says too; replay skips it. get_page: as get_page_failed; lock_acquire: a trylock in vain; snapshot: the last write of the entry, to that type, did not succeed',
  ),
  flag('attempt', 'set_entry', 'recorded before the attempt, outcome unknown (stock SET_P2M_ENTRY)'),
  flag('light', 'get_page get_page_failed', 'get_page_light'),
  flag('recursive', `${LOCKS} snapshot`, 'taken or released by a recursive variant'),
  flag('shared', 'm2p_set snapshot_m2p', 'the value is SHARED_M2P_ENTRY'),
  flag('map', 'page_use', 'the frame was mapped'),
  flag('unmap', 'page_use', 'the frame was unmapped'),
  flag('read', 'page_use', 'the frame was read'),
  flag('write', 'page_use', 'the frame was written'),
  flag('foreign', PFNS, 'FOREIGN_FRAME_BIT'),
  flag('identity', PFNS, 'IDENTITY_FRAME_BIT'),
  flag('readonly', GRANTS, 'GNTMAP_readonly'),
  flag('device_map', GRANTS, 'GNTMAP_device_map'),
  flag('host_map', GRANTS, 'GNTMAP_host_map'),
  flag('application_map', GRANTS, 'GNTMAP_application_map'),
  flag('contains_pte', GRANTS, 'GNTMAP_contains_pte'),
  flag('allocated', 'snapshot', 'a page: the trace saw it allocated'),
  flag('free', 'snapshot', 'a page: it is free'),
  flag('stale', 'snapshot', "an entry of an altp2m view: the host's entry has changed since"),
  flag('unowned', 'snapshot', "a page: it is nobody's"),
  flag('can_fail', GRANTS, 'GNTMAP_can_fail'),
  flag('guest_avail0', GRANTS, 'GNTMAP_guest_avail0: available bit 0 of the PTE, for the guest to use'),
  flag('guest_avail1', GRANTS, 'the same, bit 1'),
  flag('guest_avail2', GRANTS, 'the same, bit 2'),
  flag('counted', 'snapshot', 'a page: its count is one of references'),
];
export type FlagName = (typeof FLAGS)[number]['name'];
export const FLAG_NAMES: readonly FlagName[] = FLAGS.map(({ name }) => name);

/** The bit of each flag: `FLAG.locked === 1`. */
export const FLAG = Object.fromEntries(FLAG_NAMES.map((name, bit) => [name, 1 << bit])) as Record<FlagName, number>;

/** Names of the bits that are set, lowest first. */
export function flagNames(bits: number): FlagName[] {
  return FLAG_NAMES.filter(name => (bits & FLAG[name]) !== 0);
}
