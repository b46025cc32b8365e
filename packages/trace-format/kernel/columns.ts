import { COLUMN, IGNORED, PRESENT, WIRE_NO_DOMID } from './constants';

/** Returned by a decoder if the contents fit no column; otherwise it returns the columns of the row (PRESENT). */
export const REFUSED: u32 = 0;

/** What to add to the columns of a row if the record has these bits, which its row does not know. */
export function ignoredIf(bits: u32): u32 {
  return bits === 0 ? 0 : IGNORED;
}

/* Each writes a value of a row. `column` is where the address of the column is stored. */

export function putU8(column: u32, row: u32, value: u32): void {
  store<u8>(load<u32>(column) + row, value as u8);
}

export function putU16(column: u32, row: u32, value: u32): void {
  store<u16>(load<u32>(column) + row * 2, value as u16);
}

export function putU32(column: u32, row: u32, value: u32): void {
  store<u32>(load<u32>(column) + row * 4, value);
}

export function putU64(column: u32, row: u32, value: u64): void {
  store<u64>(load<u32>(column) + row * 8, value);
}

/** INVALID_MFN, INVALID_GFN and INVALID_M2P_ENTRY are all ones (docs/xen.md#m2p). */
export const INVALID_FRAME: u64 = u64.MAX_VALUE;

/** Writes a frame unless it is the invalid one; returns `present` with the column added if it was written. */
export function putFrame(column: u32, row: u32, frame: u64, present: u32): u32 {
  if (frame === INVALID_FRAME) return 0;
  putU64(column, row, frame);
  return present;
}

/** Writes the owner and adds it to `present`, unless the wire says that there is none. */
export function putOwner(row: u32, owner: u32, present: u32): u32 {
  if (owner === WIRE_NO_DOMID) return present;
  if (owner > 0xffff) return REFUSED;
  putU16(COLUMN.owner, row, owner);
  return present | PRESENT.owner;
}
