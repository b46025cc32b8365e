import {
  ACCESS_TYPES,
  type FlagName,
  KINDS,
  type KindName,
  type KindSpec,
  LAYOUT_NAMES,
  type LayoutProfile,
  LOCK_MODES,
  layoutProfile,
  MM_LOCKS,
  P2M_TYPES,
} from '@p2mtrace/trace-format';
import fc from 'fast-check';
import type { TraceEvent } from './event.js';

/** Events of one trace, and the layout of its page_info. */
export interface Case {
  readonly layout: string;
  readonly events: readonly TraceEvent[];
}

/** Mostly one of the usual values, now and then one of the others. */
const mostly = <T>(usual: readonly T[], odd: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 24, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });

/** Around the boundaries of 2M and 1G; few enough to meet again. */
const GFNS = [0x10n, 0x11n, 0x1ffn, 0x200n, 0x201n, 0x3ffn, 0x3_ffffn, 0x4_0000n, 0x4_0200n];
const MFNS = [0x100n, 0x101n, 0x102n, 0x1ffn, 0x200n, 0x400n, 0x5ffn, 0x8_0000n, 0x8_0201n];
const NO_FRAMES = [(1n << 52n) - 1n, 1n << 52n, (1n << 53n) + 1n, (1n << 64n) - 1n];
const gfn = mostly(GFNS, [...NO_FRAMES, 0n]);
const mfn = mostly(MFNS, [...NO_FRAMES, 0n]);

/** Words of page_info by their place in a list, as what they are depends on the layout. */
const word = fc.nat(11).map(BigInt);

function countInfos({ countBits, countWidth }: LayoutProfile): bigint[] {
  const allocated = 1n << BigInt(countBits.allocated);
  const most = (1n << BigInt(countWidth)) - 1n;
  return [0n, 1n, 2n, 3n, 4n, most, most - 1n, (1n << 64n) - 1n].flatMap(n => [n, n | allocated]);
}

function typeInfos({ typeBits, typeShift, typeCountWidth }: LayoutProfile): bigint[] {
  const validated = (7n << BigInt(typeShift)) | (1n << BigInt(typeBits.validated));
  const partial = (1n << BigInt(typeShift)) | (1n << BigInt(typeBits.partial));
  const most = (1n << BigInt(typeCountWidth)) - 1n;
  return [
    0n,
    validated | 1n,
    validated | 2n,
    partial,
    partial | 1n,
    partial | 2n,
    1n,
    2n,
    3n,
    validated,
    most,
    ~0n & 0xffff_ffff_ffff_ffffn,
  ];
}

const u32 = mostly([0n, 1n, 2n, 3n, 512n, 513n], [0xffff_ffffn]);

/** Values of a column, or of an argument under the kind's own name. */
const VALUES: Record<string, fc.Arbitrary<unknown>> = {
  gfn,
  new_gfn: gfn,
  end: mostly([...GFNS, 0x400n, 0x8_0000n], NO_FRAMES),
  mfn,
  old_mfn: mfn,
  domid: mostly([1, 2], [0, 0x7ff3]),
  owner: mostly([1, 2], [0, 0x7ff3]),
  old_owner: mostly([1n, 2n], [0n]),
  view: mostly(['host', 'host', 'altp2m:1', 'altp2m:2'], ['nested:0']),
  order: mostly([0, 0, 0, 0, 0, 9, 9, 18], [1, 3, 10, 19, 29, 255]),
  p2m_type: mostly(['ram_rw', 'ram_rw', 'populate_on_demand', 'invalid', 'ram_shared'], P2M_TYPES),
  old_type: mostly(['ram_rw', 'ram_logdirty'], P2M_TYPES),
  access: fc.constantFrom(...ACCESS_TYPES.slice(5, 9)),
  count_info: word,
  type_info: word,
  requested: word,
  lock: fc.constantFrom(...MM_LOCKS.keys()).map(index => 0xffff_8300_0000_0000n + BigInt(index)),
  level: mostly([0], [80]),
  mode: fc.constantFrom('write', 'write', ...LOCK_MODES),
  depth: mostly([1, 1, 2], [0, 3, 0xffff]),
  rc: mostly([0], [-12]),
  count: u32,
  entry_count: u32,
  rmap_count: u32,
  generation: u32,
  ref: u32,
  handle: u32,
  vcpu: fc.constantFrom(0n, 1n),
  runstate: fc.constantFrom(0n, 0x10n, 0x01n, 0x21n),
  evicted: fc.constantFrom(0n, 1n),
  first_tsc: fc.constant(1n),
  value: u32,
  gpa: u32,
  qualification: u32,
  event_id: u32,
  raw: fc.constant('00'),
  lock_class: fc.constant('p2m'),
};

const FLAGS: Partial<Record<KindName, readonly FlagName[]>> = {
  lookup: ['locked', 'read_locked'],
  get_page: ['light', 'failed'],
  snapshot: ['stale', 'allocated', 'free'],
  snapshot_m2p: ['shared'],
  grant_map: ['readonly', 'failed'],
  grant_unmap: ['readonly', 'failed'],
  grant_transfer: ['failed'],
  snapshot_linux: ['foreign', 'identity'],
  set_entry: ['failed', 'attempt'],
  m2p_set: ['shared'],
  page_use: ['map'],
  lock_acquire: ['recursive'],
  lock_release: ['recursive'],
  phys_to_machine_set: ['foreign', 'identity'],
};

/** Kinds that come more often than the others: with too few of these nothing happens. */
const WEIGHTS: Partial<Record<KindName, number>> = {
  set_entry: 8,
  lookup: 6,
  get_page: 4,
  put_page: 4,
  page_alloc: 4,
  lock_acquire: 4,
  lock_release: 4,
};

/** Orders of what is counted in pages, each of which is a record. */
const pageOrder = mostly([0, 0, 0, 1], [3, 9, 21, 255]);
const COUNTS_PAGES = ['page_alloc', 'page_free', 'pod_cache_add', 'pod_cache_get'];

/** Events of one kind: what it needs, half of the time what it may have. */
function eventsOf(spec: KindSpec): fc.Arbitrary<TraceEvent> {
  const columns: Record<string, fc.Arbitrary<unknown>> = {
    kind: fc.constant(spec.name),
    pcpu: mostly<number | undefined>([0, 1], [undefined, 2, 40]),
  };
  // A lookup need not have a gfn, but then it tells nothing.
  const needs = spec.name === 'lookup' ? [...spec.needs, 'gfn'] : spec.needs;
  for (const name of [...needs, ...spec.may]) {
    if (name === 'flags') continue;
    columns[name] = needs.includes(name) ? VALUES[name] : fc.option(VALUES[name], { nil: undefined });
  }
  if (COUNTS_PAGES.includes(spec.name)) columns.order = pageOrder;
  const flags = FLAGS[spec.name as KindName];
  if (flags !== undefined)
    columns.flags = mostly<readonly FlagName[]>(
      [[], [], flags.slice(0, 1)],
      flags.map(f => [f]),
    );
  return fc.record(columns) as unknown as fc.Arbitrary<TraceEvent>;
}

/** Gives words of page_info and locks their values, and drops what is undefined. */
function complete(event: TraceEvent, profile: LayoutProfile): TraceEvent {
  const full = Object.fromEntries(Object.entries(event).filter(([, value]) => value !== undefined)) as TraceEvent;
  const pick = (words: bigint[], index: bigint | undefined) =>
    index === undefined ? undefined : words[Number(index) % words.length];
  const lock = event.lock === undefined ? undefined : MM_LOCKS[Number(event.lock & 7n)];
  const values = {
    count_info: pick(countInfos(profile), event.count_info),
    type_info: pick(typeInfos(profile), event.type_info),
    requested: pick(typeInfos(profile), event.requested),
    lock_class: lock?.name,
    level: lock && lock.level + (event.level ?? 0),
  };
  return { ...full, ...Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) };
}

/** Traces of a few events each of the kinds given. */
export function arbitraryCases(kinds: readonly KindName[], maxLength: number): fc.Arbitrary<Case> {
  const events = KINDS.filter(spec => kinds.includes(spec.name as KindName)).map(spec => ({
    weight: WEIGHTS[spec.name as KindName] ?? 1,
    arbitrary: eventsOf(spec),
  }));
  return fc
    .record({
      layout: fc.constantFrom(...LAYOUT_NAMES),
      events: fc.array(fc.oneof(...events), { minLength: 1, maxLength }),
    })
    .map(({ layout, events }) => ({ layout, events: events.map(event => complete(event, layoutProfile(layout))) }));
}
