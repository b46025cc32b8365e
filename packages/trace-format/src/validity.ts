/** Presence masks (one u32 a row, one bit a column) into Arrow validity bitmaps (one bit a row, one bitmap a column). */

/**
 * Fills one bitmap a bit, `stride` bytes apart in `bitmaps`: the masks of eight rows are four 8×8 bit matrices side
 * by side, one a byte lane, and are transposed together (Hacker's Delight, 7-3: exchange halves, quarters, eighths).
 * Written out, as it is done for every event of an import. Bits behind the last row stay 0.
 * Returns all bits that any row has.
 */
export function transposePresence(present: Uint32Array, rows: number, bitmaps: Uint8Array, stride: number): number {
  const bits = bitmaps.length / stride;
  let any = 0;
  for (let row = 0; row < rows; row += 8) {
    const n = rows - row;
    let a0 = present[row];
    let a1 = n > 1 ? present[row + 1] : 0;
    let a2 = n > 2 ? present[row + 2] : 0;
    let a3 = n > 3 ? present[row + 3] : 0;
    let a4 = n > 4 ? present[row + 4] : 0;
    let a5 = n > 5 ? present[row + 5] : 0;
    let a6 = n > 6 ? present[row + 6] : 0;
    let a7 = n > 7 ? present[row + 7] : 0;
    any |= a0 | a1 | a2 | a3 | a4 | a5 | a6 | a7;
    let t = 0;
    t = ((a0 >>> 4) ^ a4) & 0x0f0f_0f0f;
    a4 ^= t;
    a0 ^= t << 4;
    t = ((a1 >>> 4) ^ a5) & 0x0f0f_0f0f;
    a5 ^= t;
    a1 ^= t << 4;
    t = ((a2 >>> 4) ^ a6) & 0x0f0f_0f0f;
    a6 ^= t;
    a2 ^= t << 4;
    t = ((a3 >>> 4) ^ a7) & 0x0f0f_0f0f;
    a7 ^= t;
    a3 ^= t << 4;
    t = ((a0 >>> 2) ^ a2) & 0x3333_3333;
    a2 ^= t;
    a0 ^= t << 2;
    t = ((a1 >>> 2) ^ a3) & 0x3333_3333;
    a3 ^= t;
    a1 ^= t << 2;
    t = ((a4 >>> 2) ^ a6) & 0x3333_3333;
    a6 ^= t;
    a4 ^= t << 2;
    t = ((a5 >>> 2) ^ a7) & 0x3333_3333;
    a7 ^= t;
    a5 ^= t << 2;
    t = ((a0 >>> 1) ^ a1) & 0x5555_5555;
    a1 ^= t;
    a0 ^= t << 1;
    t = ((a2 >>> 1) ^ a3) & 0x5555_5555;
    a3 ^= t;
    a2 ^= t << 1;
    t = ((a4 >>> 1) ^ a5) & 0x5555_5555;
    a5 ^= t;
    a4 ^= t << 1;
    t = ((a6 >>> 1) ^ a7) & 0x5555_5555;
    a7 ^= t;
    a6 ^= t << 1;
    let at = row >>> 3;
    for (let bit = 0; bit < bits; bit += 8) {
      bitmaps[at] = a0 >>> bit;
      bitmaps[at + stride] = a1 >>> bit;
      bitmaps[at + 2 * stride] = a2 >>> bit;
      bitmaps[at + 3 * stride] = a3 >>> bit;
      bitmaps[at + 4 * stride] = a4 >>> bit;
      bitmaps[at + 5 * stride] = a5 >>> bit;
      bitmaps[at + 6 * stride] = a6 >>> bit;
      bitmaps[at + 7 * stride] = a7 >>> bit;
      at += 8 * stride;
    }
  }
  return any >>> 0;
}

/** Number of set bits among the first `rows`. */
export function countBits(bitmap: Uint8Array, rows: number): number {
  let count = 0;
  let byte = 0;
  if (bitmap.byteOffset % 4 === 0) {
    const words = new Uint32Array(bitmap.buffer, bitmap.byteOffset, rows >>> 5);
    for (let i = 0; i < words.length; i++) count += bitsOf(words[i]);
    byte = words.length * 4;
  }
  for (let row = byte * 8; row < rows; row++) count += (bitmap[row >>> 3] >>> (row & 7)) & 1;
  return count;
}

/** Set bits of a word, added up in pairs, nibbles and bytes (Hacker's Delight, 5-1). */
function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const nibbles = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
