import { COLUMN_NAMES, type ColumnName } from '../schema/columns.js';
import { MEM_WORDS } from '../schema/record-table.js';
import { MM_LOCK_ORDER_MAX } from '../schema/xen-enums.js';
import { MEM_INDEXES } from '../schema/xentrace-records.js';

/**
 * What the kernel (../kernel) and TypeScript have in common: where it lies in their memory, and what numbers mean.
 * The kernel gets all of it as constants (scripts/kernel.mjs).
 */

/** Why the kernel returns. */
export const EXIT = {
  /** The next record is not before the limit, or not whole in the window. */
  done: 0,
  /** The batch has no row left. */
  full: 1,
  /** The record is not of TRC_MEM, or its contents fit no column. */
  other: 2,
  /** A name is in no table yet; RUN.missing tells where the record has it. */
  newView: 3,
  newLock: 4,
  newCaller: 5,
} as const;

/** Instead of the columns of a row, for a record that makes none. */
export const NO_ROW = 0xffff_ffff;

/** Places of words, one behind the other. */
const words = <Name extends string>(...names: readonly Name[]) =>
  Object.fromEntries(names.map((name, word) => [name, word])) as Record<Name, number>;

/** What a cursor knows. TSCs take two words, the low one first; `words` is an address, `pos` and `end` count words. */
export const CURSOR = words(
  'tsc',
  'tscHigh',
  'lastTsc',
  'lastTscHigh',
  'words',
  'pos',
  'end',
  'own',
  'pcpu',
  'isRunning',
  'current',
  'backwards',
);
export const CURSOR_WORDS = Object.keys(CURSOR).length;

/** What a run of records needs besides, and what it tells. */
export const RUN = words(
  'limit',
  'limitHigh',
  'winsTies',
  'oldPayloads',
  'row',
  'rowEnd',
  'records',
  'withoutTsc',
  'missing',
);

/**
 * Tables that find the index of a lock's or caller's address. An entry is looked for in `probes` places; where all are
 * taken, one makes room, and its name is asked for again.
 */
export const NAMES = { entries: 1 << 14, entryBytes: 16, probes: 8 } as const;
/** Names count from 1 in tables, 0 is a free place, and this says that the dictionary is full. */
export const NO_NAME = 0xffff_ffff;

/**
 * Added to the columns of a row where the record has flags or words that its row does not know. No column has this bit
 * (PRESENT), and what stands for no columns is asked for first.
 */
export const IGNORED = 0x4000_0000;

/** A view's word on the wire is the upper half of one whose lower half is the domid. */
export const WIRE_VIEWS = 0x1_0000;

/** Levels of mm locks, with and without their bias. */
export const LOCK_LEVELS = 2 * MM_LOCK_ORDER_MAX + 1;

/** Pages of 64 KB that the memory has at the most: tables, batches, and the windows of 4096 pcpus (cursor.ts). */
export const MEMORY_PAGES = 4096;

/** Bytes of each thing. */
const BYTES = {
  run: Object.keys(RUN).length * 4,
  /** Address of the values of each column, then that of the presence masks. */
  columns: (COLUMN_NAMES.length + 1) * 4,
  /** Index of each p2m type by its number on the wire, 255 for none. */
  types: 256,
  /** Index plus 1 of the class of the mm locks of each level. */
  lockClasses: LOCK_LEVELS,
  /** MEM_WORDS. */
  payloadWords: MEM_WORDS.length,
  /** Records by memIndex, as u64. */
  counts: MEM_INDEXES * 8,
  /** Records of which something was ignored by minor, as u64. */
  ignored: MEM_WORDS.length * 8,
  /** The address of a caller of which the record has one half. */
  caller: 8,
  /** Index plus 1 of each view, by its word on the wire. */
  views: WIRE_VIEWS * 4,
  locks: NAMES.entries * NAMES.entryBytes,
  callers: NAMES.entries * NAMES.entryBytes,
};

/** Where each thing lies, a cache line apart. */
export const ADDRESS = { ...BYTES };
/** Behind all of it. */
export const FREE = (() => {
  let free = 64;
  for (const name of Object.keys(BYTES) as (keyof typeof BYTES)[]) {
    ADDRESS[name] = free;
    free = Math.ceil((free + BYTES[name]) / 64) * 64;
  }
  return free;
})();

/** Where the address of each column is. */
export const COLUMN = Object.fromEntries(
  [...COLUMN_NAMES, 'present'].map((name, i) => [name, ADDRESS.columns + i * 4]),
) as Record<ColumnName | 'present', number>;
