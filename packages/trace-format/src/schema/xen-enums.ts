/**
 * Xen's enumerations as names, in the order of their dictionary columns.
 * Sources: docs/xen.md#p2m-types (p2m types), docs/xen.md#p2m-access (access), docs/xen.md#lock-levels (lock classes
 * and levels).
 */

/** p2m_type_t as numbered since Xen 4.2, then the names that only other releases have. */
export const P2M_TYPES = [
  'ram_rw',
  'invalid',
  'ram_logdirty',
  'ram_ro',
  'mmio_dm',
  'mmio_direct',
  'populate_on_demand',
  'grant_map_rw',
  'grant_map_ro',
  'ram_paging_out',
  'ram_paged',
  'ram_paging_in',
  'ram_shared',
  'ram_broken',
  'map_foreign',
  'ioreq_server',
  'mmio_write_dm',
  'ram_paging_in_start',
] as const;
export type P2mType = (typeof P2M_TYPES)[number];
/** The dictionary index of each type: `P2M_TYPE.ram_rw === 0`. */
export const P2M_TYPE = Object.fromEntries(P2M_TYPES.map((name, index) => [name, index])) as Record<P2mType, number>;

/** Releases whose numbering of p2m types a trace may use on the wire (docs/xen.md#p2m-types). */
export const P2M_NUMBERINGS = ['4.0', '4.2', '4.6', '4.8'] as const;
export type P2mNumbering = (typeof P2M_NUMBERINGS)[number];

const since42 = P2M_TYPES.slice(0, 15);
/** Wire number → name. 15 changed its meaning in 4.8; 4.2 renumbered everything. */
const WIRE_TYPES: Record<P2mNumbering, readonly P2mType[]> = {
  '4.0': [
    'invalid',
    'ram_rw',
    'ram_logdirty',
    'ram_ro',
    'mmio_dm',
    'mmio_direct',
    'populate_on_demand',
    'grant_map_rw',
    'grant_map_ro',
    'ram_paging_out',
    'ram_paged',
    'ram_paging_in',
    'ram_paging_in_start',
    'ram_shared',
    'ram_broken',
  ],
  '4.2': since42,
  '4.6': [...since42, 'mmio_write_dm'],
  '4.8': [...since42, 'ioreq_server'],
};

/** Dictionary index of each wire number, 255 if that release has no such type. */
export function wireTypeTable(numbering: P2mNumbering): Uint8Array {
  const table = new Uint8Array(256).fill(255);
  WIRE_TYPES[numbering].forEach((name, number) => {
    table[number] = P2M_TYPE[name];
  });
  return table;
}

/** p2m_access_t, in Xen's own numbering (docs/xen.md#p2m-access). */
export const ACCESS_TYPES = ['n', 'r', 'w', 'rw', 'x', 'rx', 'wx', 'rwx', 'rx2rw', 'n2rwx', 'r_pw'] as const;

/** Lock modes; the first three in the order of the lock kind on the wire (docs/format.md#the-extension). */
export const LOCK_MODES = ['mutex', 'write', 'read', 'external'] as const;
export const MODE_MUTEX = 0;
export const MODE_WRITE = 1;
export const MODE_READ = 2;
export const MODE_EXTERNAL = 3;

/**
 * mm lock classes with their levels (docs/xen.md#lock-levels). The control domain's locks are biased by
 * MM_LOCK_ORDER_MAX.
 */
export const MM_LOCKS = [
  { name: 'nestedp2m', level: 8 },
  { name: 'p2m', level: 16 },
  { name: 'per_page_sharing', level: 24 },
  { name: 'altp2mlist', level: 32 },
  { name: 'altp2m', level: 40 },
  { name: 'pod', level: 48 },
  { name: 'page_alloc', level: 56 },
  { name: 'paging', level: 64 },
] as const;
export const MM_LOCK_ORDER_MAX = 64;
export type MmLock = (typeof MM_LOCKS)[number]['name'];
/** The level of each class: `MM_LOCK_LEVEL.p2m === 16`. */
export const MM_LOCK_LEVEL = Object.fromEntries(MM_LOCKS.map(({ name, level }) => [name, level])) as Record<
  MmLock,
  number
>;

/** A recorded level without the control domain's bias. */
export const unbiasedLevel = (level: number): number => (level > MM_LOCK_ORDER_MAX ? level - MM_LOCK_ORDER_MAX : level);

/** True for the level of a p2m's own lock, biased or not: class p2m for host and nested p2ms, altp2m for views. */
export function isP2mLevel(level: number): boolean {
  const plain = unbiasedLevel(level);
  return plain === MM_LOCK_LEVEL.p2m || plain === MM_LOCK_LEVEL.altp2m;
}

/** Index into MM_LOCKS of a recorded level (bias included), or -1 for a level that no mm lock has. */
export function mmLockOfLevel(level: number): number {
  const plain = unbiasedLevel(level);
  return MM_LOCKS.findIndex(lock => lock.level === plain);
}

/** The first domid that no guest can have (xen/include/public/xen.h). */
export const DOMID_FIRST_RESERVED = 0x7ff0;
/** Owner of shared pages. */
export const DOMID_COW = 0x7ff3;
/** The largest domid, that of the idle domain. */
export const DOMID_IDLE = 0x7fff;
/** Domid on the wire for no domain (a page without owner, a failed get_page). */
export const WIRE_NO_DOMID = DOMID_IDLE;

/** Upper half of every address in Xen's text (XEN_VIRT_START); records may have the lower half only. */
export const TEXT_UPPER_HALF = 0xffff_82d0;
