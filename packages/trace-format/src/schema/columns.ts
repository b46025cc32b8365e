import { KINDS } from './kinds.js';
import { ACCESS_TYPES, LOCK_MODES, MM_LOCKS, P2M_TYPES } from './xen-enums.js';

/** Raised whenever a column changes its name, type or meaning. */
export const SCHEMA_VERSION = 2;

/** Physical type of a column; `bit` is an Arrow Bool, `binary` at most RAW_MAX bytes per row. */
export type ColumnType = 'u64' | 'u32' | 'i32' | 'u16' | 'u8' | 'bit' | 'binary';

export interface ColumnSpec {
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** Names that the column's numbers stand for (an Arrow dictionary). */
  readonly dictionary?: DictionaryName;
  readonly doc: string;
}

/** Payload of a record that no table lists: seven words at most (docs/xen.md#record-framing). */
export const RAW_MAX = 28;

/**
 * Dictionaries: those that `grows` marks get more names while a trace is written, the others are fixed by the schema.
 * Those with `values: 'u64'` hold addresses, as u64 on disk and as hex text in memory; there are few different ones,
 * so rows carry an index.
 */
export interface DictionarySpec {
  readonly grows: boolean;
  readonly names: readonly string[];
  readonly values?: 'u64';
}
export const DICTIONARIES = {
  kind: { grows: false, names: KINDS.map(kind => kind.name) },
  p2m_type: { grows: false, names: P2M_TYPES as readonly string[] },
  access: { grows: false, names: ACCESS_TYPES as readonly string[] },
  mode: { grows: false, names: LOCK_MODES as readonly string[] },
  view: { grows: true, names: ['host'] as readonly string[] },
  lock_class: { grows: true, names: MM_LOCKS.map(lock => lock.name) as readonly string[] },
  symbol: { grows: true, names: [] as readonly string[] },
  lock: { grows: true, names: [] as readonly string[], values: 'u64' },
  caller: { grows: true, names: [] as readonly string[], values: 'u64' },
} as const satisfies Record<string, DictionarySpec>;
export type DictionaryName = keyof typeof DICTIONARIES;
export const DICTIONARY_NAMES = Object.keys(DICTIONARIES) as DictionaryName[];

/** True for a dictionary whose values are u64 addresses. */
export function isAddressDictionary(name: DictionaryName): boolean {
  const spec: DictionarySpec = DICTIONARIES[name];
  return spec.values === 'u64';
}

/** Schema v2: one wide table, one row an event, in one total order (docs/format.md#columns). */
export const COLUMNS = {
  seq: { type: 'u64', nullable: false, doc: 'position in the total order of the trace' },
  tsc: { type: 'u64', nullable: true, doc: 'host TSC; where tsc_own is false the greatest lower bound known' },
  tsc_own: { type: 'bit', nullable: false, doc: 'true: the record carried its TSC; false: inherited' },
  pcpu: { type: 'u16', nullable: true, doc: 'physical cpu whose ring held the record' },
  cur_domid: { type: 'u16', nullable: true, doc: 'domain running on that pcpu' },
  cur_vcpu: { type: 'u16', nullable: true, doc: 'vcpu running on that pcpu' },
  kind: { type: 'u8', nullable: false, dictionary: 'kind', doc: 'event kind' },
  domid: { type: 'u16', nullable: true, doc: 'domain that the event is about' },
  view: { type: 'u16', nullable: true, dictionary: 'view', doc: 'p2m of the domain: host, altp2m:N, nested:N' },
  gfn: { type: 'u64', nullable: true, doc: 'guest frame number (npf: of the faulting address)' },
  mfn: { type: 'u64', nullable: true, doc: 'machine frame number; null for INVALID_MFN' },
  order: { type: 'u8', nullable: true, doc: 'log2 of the number of 4K frames' },
  p2m_type: { type: 'u8', nullable: true, dictionary: 'p2m_type', doc: 'p2m_type_t' },
  access: { type: 'u8', nullable: true, dictionary: 'access', doc: 'p2m_access_t' },
  count_info: { type: 'u64', nullable: true, doc: 'page_info count_info after the event, raw bits' },
  type_info: { type: 'u64', nullable: true, doc: 'page_info type_info after the event, raw bits' },
  owner: { type: 'u16', nullable: true, doc: 'owner of the page (grants: the granting domain); null for none' },
  lock: { type: 'u32', nullable: true, dictionary: 'lock', doc: 'address of the lock' },
  lock_class: { type: 'u16', nullable: true, dictionary: 'lock_class', doc: 'class of the lock' },
  level: { type: 'u16', nullable: true, doc: 'mm lock level, control-domain bias included' },
  mode: { type: 'u8', nullable: true, dictionary: 'mode', doc: 'mutex, write, read, external' },
  depth: { type: 'u16', nullable: true, doc: 'recursion depth: after an acquire, before a release' },
  rc: { type: 'i32', nullable: true, doc: 'return code, 0 or -errno, where it was recorded' },
  flags: { type: 'u32', nullable: true, doc: 'bits of FLAG_NAMES' },
  caller: { type: 'u32', nullable: true, dictionary: 'caller', doc: 'address of the call site' },
  symbol: { type: 'u32', nullable: true, dictionary: 'symbol', doc: 'name of the call site' },
  arg0: { type: 'u64', nullable: true, doc: 'first kind-specific value' },
  arg1: { type: 'u64', nullable: true, doc: 'second kind-specific value' },
  raw: { type: 'binary', nullable: true, doc: 'payload of an unknown record, as recorded' },
} as const satisfies Record<string, ColumnSpec>;
export type ColumnName = keyof typeof COLUMNS;
export const COLUMN_NAMES = Object.keys(COLUMNS) as ColumnName[];

/** Schema versions that are read. */
export type SchemaVersion = 1 | typeof SCHEMA_VERSION;

/** The type of a column on disk: in version 1 call sites had 16 bits. */
export function typeOnDisk(name: ColumnName, version: SchemaVersion): ColumnType {
  return version === 1 && (name === 'caller' || name === 'symbol') ? 'u16' : COLUMNS[name].type;
}

/**
 * The bit of each column in a row's presence mask. Required columns have none, except `tsc_own`: such a bit is its
 * value.
 */
export const PRESENT = Object.fromEntries(
  COLUMN_NAMES.filter(name => COLUMNS[name].nullable || name === 'tsc_own').map((name, bit) => [name, 1 << bit]),
) as Record<ColumnName, number>;

/**
 * An object with one value for each column. The columns are written out because an object that grows property by
 * property becomes a hash table, and decoders and replay look at these ten times per event.
 */
export function perColumn<T>(make: (name: ColumnName) => T): Record<ColumnName, T> {
  return {
    seq: make('seq'),
    tsc: make('tsc'),
    tsc_own: make('tsc_own'),
    pcpu: make('pcpu'),
    cur_domid: make('cur_domid'),
    cur_vcpu: make('cur_vcpu'),
    kind: make('kind'),
    domid: make('domid'),
    view: make('view'),
    gfn: make('gfn'),
    mfn: make('mfn'),
    order: make('order'),
    p2m_type: make('p2m_type'),
    access: make('access'),
    count_info: make('count_info'),
    type_info: make('type_info'),
    owner: make('owner'),
    lock: make('lock'),
    lock_class: make('lock_class'),
    level: make('level'),
    mode: make('mode'),
    depth: make('depth'),
    rc: make('rc'),
    flags: make('flags'),
    caller: make('caller'),
    symbol: make('symbol'),
    arg0: make('arg0'),
    arg1: make('arg1'),
    raw: make('raw'),
  };
}
