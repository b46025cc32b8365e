import {
  ACCESS_TYPES,
  type FlagName,
  type KindName,
  type LayoutProfile,
  LOCK_MODES,
  MM_LOCKS,
  P2M_TYPES,
} from '@p2mtrace/trace-format';
import fc from 'fast-check';

/** Mostly one of the usual values, now and then one of the others. */
export const mostly = <T>(usual: readonly T[], odd: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 24, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });

/** Around the boundaries of 2M and 1G; few enough to meet again. */
export const GFNS = [0x10n, 0x11n, 0x1ffn, 0x200n, 0x201n, 0x3ffn, 0x3_ffffn, 0x4_0000n, 0x4_0200n];
export const MFNS = [0x100n, 0x101n, 0x102n, 0x1ffn, 0x200n, 0x400n, 0x5ffn, 0x8_0000n, 0x8_0201n];
export const DOMIDS = [1, 2];
export const ALTP2MS = ['altp2m:1', 'altp2m:2'];
const NO_FRAMES = [(1n << 52n) - 1n, 1n << 52n, (1n << 53n) + 1n, (1n << 64n) - 1n];
/** Anywhere, so that tables grow. */
const SOMEWHERE = fc.nat(2 ** 20).map(BigInt);

const frame = (usual: readonly bigint[]): fc.Arbitrary<bigint> =>
  fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...NO_FRAMES, 0n) },
    { weight: 1, arbitrary: SOMEWHERE },
  );
const gfn = frame(GFNS);
const mfn = frame(MFNS);
const u32 = mostly([0n, 1n, 2n, 3n, 512n, 513n], [0xffff_ffffn]);
/** Words of page_info by their place in a list, as what they are depends on the layout. */
const word = fc.nat(11).map(BigInt);

/** Values of a column, or of an argument under the kind's own name. */
export const VALUES: Record<string, fc.Arbitrary<unknown>> = {
  gfn,
  new_gfn: gfn,
  end: mostly([...GFNS, 0x400n, 0x8_0000n], NO_FRAMES),
  mfn,
  old_mfn: mfn,
  domid: mostly(DOMIDS, [0, 0x7ff3]),
  owner: mostly(DOMIDS, [0, 0x7ff3]),
  old_owner: mostly([1n, 2n], [0n]),
  view: mostly(['host', 'host', ...ALTP2MS], ['nested:0']),
  order: mostly([0, 0, 0, 0, 0, 9, 9, 18], [1, 3, 10, 19, 29, 255]),
  p2m_type: mostly(['ram_rw', 'ram_rw', 'populate_on_demand', 'invalid', 'ram_shared'], P2M_TYPES),
  old_type: mostly(['ram_rw', 'ram_logdirty'], P2M_TYPES),
  access: fc.constantFrom(...ACCESS_TYPES.slice(5, 9)),
  count_info: word,
  type_info: word,
  requested: word,
  lock: fc.constantFrom(0n, 1n, 2n, 5n).map(index => 0xffff_8300_0000_0000n + index),
  lock_class: fc.constantFrom(...MM_LOCKS.map(({ name }) => name)),
  level: mostly([8, 16, 24], [0, 80]),
  mode: fc.constantFrom('write', 'write', ...LOCK_MODES),
  depth: mostly([1, 1, 2], [0, 3, 0xffff]),
  rc: fc.constantFrom(0, 0, 0, -12),
  count: u32,
  entry_count: u32,
  rmap_count: mostly([0n, 1n, 2n], [3n, 0xffff_ffffn]),
  generation: fc.nat(3).map(BigInt),
  ref: u32,
  handle: mostly([0n, 1n, 2n], [0xffff_ffffn]),
  vcpu: fc.constantFrom(0n, 1n),
  runstate: fc.constantFrom(0n, 0x10n, 0x01n, 0x21n),
  evicted: fc.constantFrom(0n, 1n),
  first_tsc: fc.constant(1n),
  value: u32,
  gpa: u32,
  qualification: u32,
  event_id: u32,
  outer_caller: fc.constant(0xffff_82d0_4030_0010n),
  raw: fc.constant('00'),
};

/** Flags that mean something in an event of a kind, but for `failed`. */
const FLAGS: Partial<Record<KindName, readonly FlagName[]>> = {
  lookup: ['locked', 'read_locked'],
  get_page: ['light'],
  snapshot: ['stale', 'allocated', 'free', 'unowned'],
  snapshot_m2p: ['shared'],
  grant_map: ['device_map', 'host_map', 'readonly'],
  grant_unmap: ['device_map', 'host_map', 'readonly'],
  snapshot_grant: ['device_map', 'host_map', 'readonly'],
  snapshot_linux: ['foreign', 'identity'],
  set_entry: ['attempt'],
  m2p_set: ['shared'],
  page_use: ['map'],
  lock_acquire: ['recursive'],
  lock_release: ['recursive'],
  phys_to_machine_set: ['foreign', 'identity'],
};

export const flagsOf = (kind: KindName): fc.Arbitrary<readonly FlagName[]> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 7, arbitrary: fc.subarray([...(FLAGS[kind] ?? [])]) },
    { weight: 1, arbitrary: fc.constant<readonly FlagName[]>(['failed']) },
  );

/** What VALUES counts words of page_info from: counts about to wrap, types about to change. */
export function countInfos({ countBits, countWidth }: LayoutProfile): bigint[] {
  const allocated = 1n << BigInt(countBits.allocated);
  const most = (1n << BigInt(countWidth)) - 1n;
  return [1n, 2n, 3n, 0n, most, (1n << 64n) - 1n].flatMap(n => [n | allocated, n]);
}

export function typeInfos({ typeBits, typeShift, typeCountWidth }: LayoutProfile): bigint[] {
  const validated = (7n << BigInt(typeShift)) | (1n << BigInt(typeBits.validated));
  const partial = (1n << BigInt(typeShift)) | (1n << BigInt(typeBits.partial));
  const most = (1n << BigInt(typeCountWidth)) - 1n;
  const typed = [validated | 1n, validated | 2n, validated, partial, partial | 1n, partial | 2n];
  return [0n, ...typed, 1n, 2n, 3n, most, (1n << 64n) - 1n];
}
