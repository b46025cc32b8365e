import { COLUMN_NAMES, type ColumnName } from '../schema/columns.js';
import { MEM_WORDS } from '../schema/record-table.js';
import { MM_LOCK_ORDER_MAX } from '../schema/xen-enums.js';
import { MEM_INDEXES } from '../schema/xentrace-records.js';

/**
 * What the kernel (../kernel) and TypeScript share: where things lie in their memory, and what numbers mean.
 * The kernel gets all of it as constants (scripts/kernel.mjs).
 */

/** Why the kernel returns. */
export const EXIT = {
  /** The next record is not before the limit, or not completely in the window. */
  done: 0,
  /** The batch has no row left. */
  full: 1,
  /** The record is not a TRC_MEM record, or its contents fit no column. */
  other: 2,
  /** A name is not in its table yet; RUN.missing says where the record has it. */
  newView: 3,
  newLock: 4,
  newCaller: 5,
} as const;

/** Returned instead of the columns of a row, for a record that makes no row. */
export const NO_ROW = 0xffff_ffff;

/** Numbers words, one after the other. */
const words = <Name extends string>(...names: readonly Name[]) =>
  Object.fromEntries(names.map((name, word) => [name, word])) as Record<Name, number>;

/** A cursor's state. TSCs take two words, the low one first; `words` is an address, `pos` and `end` count words. */
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

/** Other input of a run over records, and its output. */
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
 * Tables that map the address of a lock or caller to its index. An entry may be in any of `probes` places; if all are
 * taken, one is evicted, and its name has to be asked for again.
 */
export const NAMES = { entries: 1 << 14, entryBytes: 16, probes: 8 } as const;
/** Names in tables are numbered from 1; 0 is a free place, and this value says that the dictionary is full. */
export const NO_NAME = 0xffff_ffff;

/**
 * Added to the columns of a row if the record has flags or words that its row does not know. No column has this bit
 * (PRESENT); values that stand for no columns (NO_ROW) are checked first.
 */
export const IGNORED = 0x4000_0000;

/** Number of views on the wire: the upper half of a word whose lower half is the domid. */
export const WIRE_VIEWS = 0x1_0000;

/** Levels of mm locks, with and without their bias. */
export const LOCK_LEVELS = 2 * MM_LOCK_ORDER_MAX + 1;

/** 64 KB pages that the memory has at most: tables, batches, and the windows of 4096 pcpus (cursor.ts). */
export const MEMORY_PAGES = 4096;

/** Sizes in bytes. */
const BYTES = {
  run: Object.keys(RUN).length * 4,
  /** Address of the values of each column, then of the presence masks. */
  columns: (COLUMN_NAMES.length + 1) * 4,
  /** Index of each p2m type by its number on the wire, 255 for none. */
  types: 256,
  /** By level of an mm lock: index of its class, plus 1. */
  lockClasses: LOCK_LEVELS,
  /** MEM_WORDS. */
  payloadWords: MEM_WORDS.length,
  /** Records by memIndex, as u64. */
  counts: MEM_INDEXES * 8,
  /** By minor: records of which something was ignored, as u64. */
  ignored: MEM_WORDS.length * 8,
  /** The address of a caller of which the record has only one half. */
  caller: 8,
  /** By the view's word on the wire: its index, plus 1. */
  views: WIRE_VIEWS * 4,
  locks: NAMES.entries * NAMES.entryBytes,
  callers: NAMES.entries * NAMES.entryBytes,
};

/** Where each thing starts, a cache line apart. */
export const ADDRESS = { ...BYTES };
/** The first free byte after them. */
export const FREE = (() => {
  let free = 64;
  for (const name of Object.keys(BYTES) as (keyof typeof BYTES)[]) {
    ADDRESS[name] = free;
    free = Math.ceil((free + BYTES[name]) / 64) * 64;
  }
  return free;
})();

/** Where the address of each column is stored. */
export const COLUMN = Object.fromEntries(
  [...COLUMN_NAMES, 'present'].map((name, i) => [name, ADDRESS.columns + i * 4]),
) as Record<ColumnName | 'present', number>;
