/* Arrow validity bitmaps: one bit a row. The kernel makes them (../kernel/batch.ts). */

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
