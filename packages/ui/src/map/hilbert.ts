/**
 * Hilbert's curve: frames that follow each other lie beside each other, and each aligned run of 4^k frames is a square of
 * side 2^k. `side` is a power of two; frames are below side². No bit operations, as a frame may have more than 32 bits.
 */
export function frameAt(side: number, x: number, y: number): number {
  let frame = 0;
  for (let half = side / 2; half >= 1; half /= 2) {
    const right = x >= half;
    const down = y >= half;
    frame += half * half * (right ? (down ? 2 : 3) : down ? 1 : 0);
    if (right) x -= half;
    if (down) y -= half;
    if (!down) {
      if (right) [x, y] = [half - 1 - x, half - 1 - y];
      [x, y] = [y, x];
    }
  }
  return frame;
}

/** The reverse; writes x and y to `at`. */
export function placeOfFrame(side: number, frame: number, at: { x: number; y: number }): void {
  let [x, y] = [0, 0];
  let rest = frame;
  for (let size = 1; size < side; size *= 2) {
    const quarter = rest % 4;
    rest = (rest - quarter) / 4;
    const right = quarter >= 2;
    const down = quarter === 1 || quarter === 2;
    if (!down) {
      if (right) [x, y] = [size - 1 - x, size - 1 - y];
      [x, y] = [y, x];
    }
    if (right) x += size;
    if (down) y += size;
  }
  at.x = x;
  at.y = y;
}
