import { putU16, putU32, putU64, REFUSED } from './columns';
import { ADDRESS, COLUMN, EXIT, IGNORED, NAMES, NO_NAME, PRESENT, TEXT_UPPER_HALF } from './constants';

/** Returned by a decoder for a name that no table has yet: TypeScript adds it, and the record is decoded again. */
export const MISSING: u32 = 0xffff_fffe;

/** The exit for that name, and where the record has it (for a view: its word). */
export let missingExit: u32 = 0;
export let missingAt: u32 = 0;

function askFor(exit: u32, at: u32): u32 {
  missingExit = exit;
  missingAt = at;
  return MISSING;
}

/** Parts of an entry after the address: index and symbol, both plus 1. */
const INDEX: u32 = 8;
const SYMBOL: u32 = 12;

function entryOf(table: u32, address: u64, probe: u32): u32 {
  const hash = (((address as u32) ^ ((address >> 32) as u32)) * 0x9e37_79b1) >>> 12;
  return table + ((hash + probe) & (NAMES.entries - 1)) * NAMES.entryBytes;
}

/** The entry of an address, 0 if there is none. */
function find(table: u32, address: u64): u32 {
  const first = entryOf(table, address, 0);
  if (load<u64>(first) === address && load<u32>(first, INDEX) !== 0) return first;
  for (let probe: u32 = 1; probe < NAMES.probes; probe++) {
    const entry = entryOf(table, address, probe);
    const isFree = load<u32>(entry, INDEX) === 0;
    if (load<u64>(entry) === address && !isFree) return entry;
    if (isFree) break;
  }
  return 0;
}

/** Puts the address at `at` into a table, with its index plus 1 and its symbol's plus 1. */
export function addName(table: u32, at: u32, index: u32, symbol: u32): void {
  const address = load<u64>(at);
  let entry = entryOf(table, address, 0);
  for (let probe: u32 = 0; probe < NAMES.probes; probe++) {
    const place = entryOf(table, address, probe);
    if (load<u32>(place, INDEX) !== 0) continue;
    entry = place;
    break;
  }
  store<u64>(entry, address);
  store<u32>(entry, index, INDEX);
  store<u32>(entry, symbol, SYMBOL);
}

/** Writes the lock at `at`. Returns its column, MISSING, or REFUSED if the dictionary is full. */
export function putLock(row: u32, at: u32): u32 {
  const entry = find(ADDRESS.locks, load<u64>(at));
  if (entry === 0) return askFor(EXIT.newLock, at);
  const index = load<u32>(entry, INDEX);
  if (index === NO_NAME) return REFUSED;
  putU32(COLUMN.lock, row, index - 1);
  return PRESENT.lock;
}

/** Writes the call site at `at` and its symbol. Returns their columns (none if the dictionary is full), or MISSING. */
export function putCaller(row: u32, at: u32): u32 {
  const entry = find(ADDRESS.callers, load<u64>(at));
  if (entry === 0) return askFor(EXIT.newCaller, at);
  const index = load<u32>(entry, INDEX);
  if (index === NO_NAME) return 0;
  putU32(COLUMN.caller, row, index - 1);
  const symbol = load<u32>(entry, SYMBOL);
  if (symbol === 0) return PRESENT.caller;
  putU32(COLUMN.symbol, row, symbol - 1);
  return PRESENT.caller | PRESENT.symbol;
}

/** The same for a call site of which only the lower half of the address is at `at`; 0 for none. */
export function putTextCaller(row: u32, at: u32): u32 {
  const low = load<u32>(at);
  if (low === 0) return 0;
  store<u32>(ADDRESS.caller, low);
  store<u32>(ADDRESS.caller, TEXT_UPPER_HALF, 4);
  return putCaller(row, ADDRESS.caller);
}

/** Where Xen's text begins and how far it goes at most: XEN_VIRT_START and 2 MB, in 1 GB of addresses (config.h). */
const TEXT_START: u32 = 0x4020_0000;
const TEXT_END: u32 = 0x4200_0000;

/** Writes the caller's caller, of which only the lower half is there. Returns its column, or IGNORED if it is none. */
export function putOuterCaller(row: u32, low: u32): u32 {
  if (low === 0) return 0;
  if (low < TEXT_START || low >= TEXT_END) return IGNORED;
  putU64(COLUMN.arg0, row, ((TEXT_UPPER_HALF as u64) << 32) | (low as u64));
  return PRESENT.arg0;
}

/** Writes the domain in a word's low half and the view in its high half. Returns their columns, or MISSING. */
export function putDomain(row: u32, word: u32): u32 {
  const wireView = word >>> 16;
  const view = load<u32>(ADDRESS.views + wireView * 4);
  if (view === 0) return askFor(EXIT.newView, wireView);
  putU16(COLUMN.domid, row, word);
  if (view === NO_NAME) return PRESENT.domid;
  putU16(COLUMN.view, row, view - 1);
  return PRESENT.domid | PRESENT.view;
}
