/** Presence masks (one u32 a row, one bit a column) into Arrow validity bitmaps (one bit a row, one bitmap a column). */

/** All bits that any row has. */
export function presentAnywhere(present: Uint32Array, rows: number): number {
  let any = 0;
  for (let row = 0; row < rows; row++) any |= present[row];
  return any >>> 0;
}

/**
 * Fills `bitmaps[bit]` for every bit of `wanted`: eight rows at a time their four byte lanes are transposed as
 * 8×8 bit matrices (Hacker's Delight, 7-3). Bits behind the last row stay 0.
 */
export function transposePresence(present: Uint32Array, rows: number, bitmaps: readonly Uint8Array[]): void {
  const block = new Uint32Array(8);
  for (let row = 0; row < rows; row += 8) {
    const n = Math.min(8, rows - row);
    for (let i = 0; i < 8; i++) block[i] = i < n ? present[row + i] : 0;
    const byte = row >>> 3;
    const any = block[0] | block[1] | block[2] | block[3] | block[4] | block[5] | block[6] | block[7];
    for (let lane = 0; lane < 4; lane++) {
      const shift = lane * 8;
      if (((any >>> shift) & 0xff) === 0) {
        // The bitmaps of batches are reused.
        for (let bit = shift; bit < shift + 8; bit++) if (bitmaps[bit] !== undefined) bitmaps[bit][byte] = 0;
        continue;
      }
      // x: rows 7..4, y: rows 3..0, so that row 0 ends up in bit 0 of each transposed byte.
      let x =
        (((block[7] >>> shift) & 0xff) << 24) |
        (((block[6] >>> shift) & 0xff) << 16) |
        (((block[5] >>> shift) & 0xff) << 8) |
        ((block[4] >>> shift) & 0xff);
      let y =
        (((block[3] >>> shift) & 0xff) << 24) |
        (((block[2] >>> shift) & 0xff) << 16) |
        (((block[1] >>> shift) & 0xff) << 8) |
        ((block[0] >>> shift) & 0xff);
      let t = (x ^ (x >>> 7)) & 0x00aa00aa;
      x = x ^ t ^ (t << 7);
      t = (y ^ (y >>> 7)) & 0x00aa00aa;
      y = y ^ t ^ (t << 7);
      t = (x ^ (x >>> 14)) & 0x0000cccc;
      x = x ^ t ^ (t << 14);
      t = (y ^ (y >>> 14)) & 0x0000cccc;
      y = y ^ t ^ (t << 14);
      t = (x & 0xf0f0f0f0) | ((y >>> 4) & 0x0f0f0f0f);
      y = ((x << 4) & 0xf0f0f0f0) | (y & 0x0f0f0f0f);
      x = t;
      // y holds the columns of bits 0..3 of the lane from its low byte up, x those of bits 4..7.
      const bit = shift;
      for (let i = 0; i < 4; i++) {
        const low = bitmaps[bit + i];
        if (low !== undefined) low[byte] = y >>> (8 * i);
        const high = bitmaps[bit + 4 + i];
        if (high !== undefined) high[byte] = x >>> (8 * i);
      }
    }
  }
}

/** Number of set bits among the first `rows`. */
export function countBits(bitmap: Uint8Array, rows: number): number {
  let count = 0;
  const whole = rows >>> 3;
  for (let byte = 0; byte < whole; byte++) count += POPULATION[bitmap[byte]];
  for (let row = whole * 8; row < rows; row++) count += (bitmap[row >>> 3] >>> (row & 7)) & 1;
  return count;
}

const POPULATION = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);
