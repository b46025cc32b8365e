import type { StateImage } from './state-image.js';

/** Frames in a chunk, as in one level of a page table. */
export const CHUNK = 512;
/** Frame numbers below this are found by index, the rest through a map. */
const DIRECT = 1 << 22;
/** No machine has more: 64-bit addresses have 52 bits of frame number. */
export const MAX_FRAME = 2 ** 52;

/**
 * Finds the 512-slot chunk of a frame number. Slots are indices into arrays that the owner of the directory keeps; a
 * chunk gets 512 consecutive ones, so memory grows with the frames that occur.
 */
export class FrameDirectory {
  /** First slot of each chunk, 0 for none: slot numbers start at CHUNK. */
  private direct = new Int32Array(16);
  private readonly far = new Map<number, number>();
  /** One after the highest slot given out. */
  slots = CHUNK;

  /** Slot of the frame, 0 if it has none yet. */
  find(frame: number): number {
    if (frame < this.direct.length * CHUNK) {
      const base = this.direct[frame >>> 9];
      return base === 0 ? 0 : base + (frame & 511);
    }
    if (frame < DIRECT * CHUNK) return 0;
    const base = this.far.get(Math.floor(frame / CHUNK));
    return base === undefined ? 0 : base + (frame % CHUNK);
  }

  /** Slot of the frame, created if it has none; the caller then makes room up to `slots`. */
  make(frame: number): number {
    const found = this.find(frame);
    if (found !== 0) return found;
    const base = this.slots;
    this.slots += CHUNK;
    const chunk = Math.floor(frame / CHUNK);
    if (chunk >= DIRECT) {
      this.far.set(chunk, base);
    } else {
      if (chunk >= this.direct.length) {
        const larger = new Int32Array(Math.max(chunk + 1, this.direct.length * 2));
        larger.set(this.direct);
        this.direct = larger;
      }
      this.direct[chunk] = base;
    }
    return base + (frame % CHUNK);
  }

  transfer(image: StateImage): void {
    this.direct = image.array('direct', this.direct);
    image.map('far', this.far);
    this.slots = image.number('slots', this.slots);
  }

  /** Calls `visit` with the first frame and first slot of every chunk, in order of frames. */
  forEachChunk(visit: (firstFrame: number, firstSlot: number) => void): void {
    for (let chunk = 0; chunk < this.direct.length; chunk++) {
      if (this.direct[chunk] !== 0) visit(chunk * CHUNK, this.direct[chunk]);
    }
    for (const [chunk, base] of [...this.far].sort(([a], [b]) => a - b)) visit(chunk * CHUNK, base);
  }
}

type Numbers = Uint8Array | Uint16Array | Int16Array | Int32Array | Uint32Array | Float64Array;

/** The array, or a copy at least twice as long if it is shorter than `length`. */
export function withRoom<T extends Numbers>(array: T, length: number): T {
  if (array.length >= length) return array;
  const larger = new (array.constructor as new (n: number) => T)(Math.max(length, array.length * 2));
  larger.set(array);
  return larger;
}
