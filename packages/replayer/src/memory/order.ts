/**
 * Arithmetic of orders: an entry of order n covers 2^n frames and begins at a multiple of that. Uses a table and
 * division by powers of two, which is exact: `**` and `%` take 20 times as long, and every write, lookup and free
 * needs some.
 */
const FRAMES = Float64Array.from({ length: 256 }, (_, order) => 2 ** order);

/** Frames that an entry covers; `order` is any u8. */
export function framesOf(order: number): number {
  return FRAMES[order];
}

/** Number of the run of 2^order frames that the frame is in. */
export function runOf(frame: number, order: number): number {
  return order === 0 ? frame : Math.floor(frame / FRAMES[order]);
}

/** First frame of that run. */
export function alignDown(frame: number, order: number): number {
  return order === 0 ? frame : Math.floor(frame / FRAMES[order]) * FRAMES[order];
}

/** Position of the frame in that run. */
export function offsetIn(frame: number, order: number): number {
  return order === 0 ? 0 : frame - alignDown(frame, order);
}
