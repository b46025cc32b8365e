/* The work on every row when a batch is complete. */

/**
 * Turns presence masks (one u32 per row, one bit per column) into 32 Arrow validity bitmaps (one bit per row, one
 * bitmap per column, `stride` bytes apart). Bits after the last row become 0, up to one byte after that row's.
 * Returns all bits that any row has.
 */
export function transpose(masks: u32, rows: u32, bitmaps: u32, stride: u32): u32 {
  let any: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) any |= load<u32>(masks + row * 4);
  for (let row: u32 = 0; row < rows; row += 16) {
    const left = rows - row;
    transpose16(masks + row * 4, bitmaps + (row >>> 3), stride, left < 16 ? (1 << left) - 1 : 0xffff);
  }
  return any;
}

/** The same for sixteen rows: four 16×8 bit matrices, one per byte lane. `some`: the rows that count, as bits. */
function transpose16(masks: u32, bitmaps: u32, stride: u32, some: u32): void {
  const a = v128.load(masks);
  const b = v128.load(masks, 16);
  const c = v128.load(masks, 32);
  const d = v128.load(masks, 48);
  const low1 = i8x16.shuffle(a, b, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
  const low2 = i8x16.shuffle(c, d, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
  const high1 = i8x16.shuffle(a, b, 2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
  const high2 = i8x16.shuffle(c, d, 2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
  putBits(i64x2.shuffle(low1, low2, 0, 2), bitmaps, stride, some);
  putBits(i64x2.shuffle(low1, low2, 1, 3), bitmaps + 8 * stride, stride, some);
  putBits(i64x2.shuffle(high1, high2, 0, 2), bitmaps + 16 * stride, stride, some);
  putBits(i64x2.shuffle(high1, high2, 1, 3), bitmaps + 24 * stride, stride, some);
}

/** Writes eight bitmaps from one byte of each of sixteen rows, from the highest bit of the bytes to the lowest. */
function putBits(bytes: v128, bitmaps: u32, stride: u32, some: u32): void {
  let rest = bytes;
  for (let bit: i32 = 7; bit >= 0; bit--) {
    store<u16>(bitmaps + bit * stride, ((i8x16.bitmask(rest) as u32) & some) as u16);
    rest = i8x16.add(rest, rest);
  }
}

/** Number of set bits in the first `rows` of a bitmap, which must have none after them. */
export function countBits(bitmap: u32, rows: u32): u32 {
  const end = bitmap + ((rows + 7) >>> 3);
  let count: u32 = 0;
  let at = bitmap;
  for (; at + 8 <= end; at += 8) count += i64.popcnt(load<u64>(at)) as u32;
  for (; at < end; at++) count += i32.popcnt(load<u8>(at));
  return count;
}

/** Numbers rows from `first` on, a number below 2^53. */
export function fillSeq(seq: u32, rows: u32, first: f64): void {
  let number = first as u64;
  const end = seq + rows * 8;
  for (let at = seq; at < end; at += 8) store<u64>(at, number++);
}

/** Zeroes memory. On memory that threads share, fill() of typed arrays works byte by byte in V8. */
export function clear(at: u32, bytes: u32): void {
  memory.fill(at, 0, bytes);
}
