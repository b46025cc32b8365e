import { putFrame, putU8, putU16, putU32, putU64, REFUSED } from './columns';
import { ADDRESS, COLUMN, FLAG, KIND, MAX_ORDER, PRESENT, RUN } from './constants';
import { NO_TYPE, typeOf } from './entries';

/* Records of a stock Xen (docs/xen.md#mem-records). */

/** Recorded before the write, which may fail, and without a return code (docs/xen.md#attempts). */
export function decodeSetP2mEntry(row: u32, at: u32): u32 {
  const wireType = load<u32>(at, 16);
  const word = load<u32>(at, 20);
  if (wireType > 255 || word >>> 16 > MAX_ORDER) return REFUSED;
  const type = typeOf(wireType);
  if (type === NO_TYPE) return REFUSED;
  putU8(COLUMN.kind, row, KIND.set_entry);
  putU64(COLUMN.gfn, row, load<u64>(at));
  putU8(COLUMN.p2m_type, row, type);
  putU16(COLUMN.domid, row, word);
  putU8(COLUMN.order, row, word >>> 16);
  putU32(COLUMN.flags, row, FLAG.attempt);
  const present = PRESENT.gfn | PRESENT.p2m_type | PRESENT.domid | PRESENT.order | PRESENT.flags;
  return present | putFrame(COLUMN.mfn, row, load<u64>(at, 8), PRESENT.mfn);
}

/** PoD and decrease_reservation payloads have the layout of Xen ≤ 4.17 (docs/xen.md#mem-records-before-4-18). */
function isOld(): bool {
  return load<u32>(ADDRESS.run, RUN.oldPayloads * 4) !== 0;
}

/** gfn at `at`; domid and order at `domainAt`: one 16+16 bit word up to 4.17, two words since. */
export function decodePod(kind: u32, row: u32, at: u32, domainAt: u32): u32 {
  const domain = load<u32>(domainAt);
  const order = isOld() ? domain >>> 16 : load<u32>(domainAt, 4);
  if (order > MAX_ORDER || (!isOld() && domain > 0xffff)) return REFUSED;
  putU8(COLUMN.kind, row, kind);
  putU64(COLUMN.gfn, row, load<u64>(at));
  putU16(COLUMN.domid, row, domain);
  putU8(COLUMN.order, row, order);
  return PRESENT.gfn | PRESENT.domid | PRESENT.order;
}

/** Decodes pod_populate and pod_zero_reclaim. */
export function decodePopulate(kind: u32, row: u32, at: u32): u32 {
  const present = decodePod(kind, row, at, at + 16);
  return present === REFUSED ? REFUSED : present | putFrame(COLUMN.mfn, row, load<u64>(at, 8), PRESENT.mfn);
}

export function decodeSplinter(row: u32, at: u32): u32 {
  const domain = load<u32>(at, 8);
  // The old layout has no order; only superpages are splintered.
  const order: u32 = isOld() ? 9 : load<u32>(at, 12);
  if (order > MAX_ORDER || (!isOld() && domain > 0xffff)) return REFUSED;
  putU8(COLUMN.kind, row, KIND.pod_splinter);
  putU64(COLUMN.gfn, row, load<u64>(at));
  putU16(COLUMN.domid, row, domain);
  putU8(COLUMN.order, row, order);
  return PRESENT.gfn | PRESENT.domid | PRESENT.order;
}

/** Only the granting domain is recorded; the mapping domain is the one that runs (docs/xen.md#who-runs-where). */
export function decodeStockGrant(kind: u32, row: u32, at: u32): u32 {
  const owner = load<u32>(at);
  if (owner > 0xffff) return REFUSED;
  putU8(COLUMN.kind, row, kind);
  putU16(COLUMN.owner, row, owner);
  return PRESENT.owner;
}

export function decodeStockTransfer(row: u32, at: u32): u32 {
  const domain = load<u32>(at);
  if (domain > 0xffff) return REFUSED;
  putU8(COLUMN.kind, row, KIND.grant_transfer);
  putU16(COLUMN.domid, row, domain);
  return PRESENT.domid;
}
