import { FrameHash } from './frame-hash.js';
import type { StateImage } from './state-image.js';

/** Frames in a chunk, as in one level of a page table. */
export const CHUNK = 512;
/** Chunks below this are found by index, the rest through a hash. */
const DIRECT = 1 << 22;
/** A chunk with as many frames gets a table, which is 2 KB; until then its frames are in a hash. */
const WORTH_A_TABLE = 16;
/** No machine has more: 64-bit addresses have 52 bits of frame number. */
export const MAX_FRAME = 2 ** 52;

/**
 * Frame number → slot: an index into arrays that the owner keeps, the same as long as the directory lives. Slots are
 * given out one by one from 1 on, so memory grows with the frames that occur, however far apart they are.
 */
export class FrameDirectory {
  /** By chunk: where its table begins, minus the number of its frames if they are in `single`, 0 for none. */
  private direct = new Int32Array(16);
  private readonly far = new FrameHash();
  /** Tables of chunks, a slot for each frame, 0 for none; the first is nobody's. */
  private tables = new Int32Array(CHUNK);
  private tablesEnd = CHUNK;
  /** Frames of chunks without a table. */
  private readonly single = new FrameHash();
  /** One after the highest slot given out. */
  slots = 1;

  /** Slot of the frame, 0 if it has none yet. */
  find(frame: number): number {
    if (frame < this.direct.length * CHUNK) {
      const at = this.direct[frame >>> 9];
      return at > 0 ? this.tables[at + (frame & 511)] : at === 0 ? 0 : this.single.get(frame);
    }
    return frame < DIRECT * CHUNK ? 0 : this.findFar(frame);
  }

  private findFar(frame: number): number {
    const at = this.far.get(Math.floor(frame / CHUNK));
    return at > 0 ? this.tables[at + (frame % CHUNK)] : at === 0 ? 0 : this.single.get(frame);
  }

  /** Slot of the frame, created if it has none; the caller then makes room up to `slots`. */
  make(frame: number): number {
    const found = this.find(frame);
    if (found !== 0) return found;
    const slot = this.slots++;
    const chunk = Math.floor(frame / CHUNK);
    let at = this.chunk(chunk);
    if (at === 1 - WORTH_A_TABLE) {
      at = this.makeTable(chunk);
      this.setChunk(chunk, at);
    }
    if (at > 0) {
      this.tables[at + (frame % CHUNK)] = slot;
    } else {
      this.single.set(frame, slot);
      this.setChunk(chunk, at - 1);
    }
    return slot;
  }

  /** True if a frame of this one's chunk has a slot. */
  hasChunk(frame: number): boolean {
    return this.chunk(Math.floor(frame / CHUNK)) !== 0;
  }

  /** Calls `visit` with every frame that has a slot, in order of frames; it must not create slots. */
  forEach(visit: (frame: number, slot: number) => void): void {
    const singles = this.single.sortedKeys();
    let next = 0;
    const visitChunk = (chunk: number, at: number) => {
      const first = chunk * CHUNK;
      for (let i = 0; at > 0 && i < CHUNK; i++) {
        const slot = this.tables[at + i];
        if (slot !== 0) visit(first + i, slot);
      }
      if (at >= 0) return;
      // Those before are of chunks that got a table later.
      while (singles[next] < first) next++;
      for (; singles[next] < first + CHUNK; next++) visit(singles[next], this.single.get(singles[next]));
    };
    for (let chunk = 0; chunk < this.direct.length; chunk++) visitChunk(chunk, this.direct[chunk]);
    for (const chunk of this.far.sortedKeys()) visitChunk(chunk, this.far.get(chunk));
  }

  /** The same for the frames of this one's chunk. */
  forEachInChunk(frame: number, visit: (frame: number, slot: number) => void): void {
    const chunk = Math.floor(frame / CHUNK);
    const at = this.chunk(chunk);
    for (let i = 0; at !== 0 && i < CHUNK; i++) {
      const slot = at > 0 ? this.tables[at + i] : this.single.get(chunk * CHUNK + i);
      if (slot !== 0) visit(chunk * CHUNK + i, slot);
    }
  }

  transfer(image: StateImage): void {
    this.direct = image.array('direct', this.direct);
    image.part('far', this.far);
    this.tables = image.array('tables', this.tables);
    this.tablesEnd = image.number('tablesEnd', this.tablesEnd);
    image.part('single', this.single);
    this.slots = image.number('slots', this.slots);
  }

  private chunk(chunk: number): number {
    if (chunk < this.direct.length) return this.direct[chunk];
    return chunk < DIRECT ? 0 : this.far.get(chunk);
  }

  private setChunk(chunk: number, at: number): void {
    if (chunk >= DIRECT) {
      this.far.set(chunk, at);
      return;
    }
    if (chunk >= this.direct.length) this.direct = withRoom(this.direct, chunk + 1);
    this.direct[chunk] = at;
  }

  /** A table with the frames of the chunk, which stay in the hash, where nobody looks for them any more. */
  private makeTable(chunk: number): number {
    const at = this.tablesEnd;
    this.tablesEnd += CHUNK;
    this.tables = withRoom(this.tables, this.tablesEnd);
    for (let i = 0; i < CHUNK; i++) this.tables[at + i] = this.single.get(chunk * CHUNK + i);
    return at;
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
