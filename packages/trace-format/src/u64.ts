/** u64 columns are Uint32Array pairs, low word first; these functions read and write one exactly. */

export function getU64(column: Uint32Array, row: number): bigint {
  return (BigInt(column[2 * row + 1]) << 32n) | BigInt(column[2 * row]);
}

export function setU64(column: Uint32Array, row: number, value: bigint): void {
  column[2 * row] = Number(value & 0xffff_ffffn);
  column[2 * row + 1] = Number((value >> 32n) & 0xffff_ffffn);
}

/** As a number: exact below 2^53, which covers frame numbers, TSCs and seqs of real machines. */
export function getU53(column: Uint32Array, row: number): number {
  return column[2 * row + 1] * 0x1_0000_0000 + column[2 * row];
}

/** As a signed number, recorded in two's complement: exact within ±2^53. */
export function getI53(column: Uint32Array, row: number): number {
  return (column[2 * row + 1] | 0) * 0x1_0000_0000 + column[2 * row];
}

/** Writes a number within ±2^53; a negative one in two's complement. */
export function setU53(column: Uint32Array, row: number, value: number): void {
  column[2 * row] = value >>> 0;
  column[2 * row + 1] = Math.floor(value / 0x1_0000_0000);
}

/** `0x9fe5e`: how frames, addresses and bit fields are written in text. */
export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
