import { FrameHash } from './frame-hash.js';
import type { StateImage } from './state-image.js';

/** Frames in a chunk, as in one level of a page table. */
export const CHUNK = 512;
/** Chunks below this are found by index, the rest through a hash. */
const DIRECT = 1 << 22;
/** Most chunks with 512 slots in a row, which are found fastest. */
const DENSE = 1 << 12;
/** One for each so many frames that were asked for: where frames are far apart, their chunks are not worth it. */
const ASKED_FOR_DENSE = 128;
const ENOUGH_ASKED = DENSE * ASKED_FOR_DENSE;
/** The first ones, when nothing is known yet. */
const FIRST_DENSE = 4;
/** A chunk with as many frames gets a table, which is 2 KB; until then its frames are in a hash. */
const WORTH_A_TABLE = 16;
/** No machine has more: 64-bit addresses have 52 bits of frame number. */
export const MAX_FRAME = 2 ** 52;

/**
 * Frame number → slot: an index into arrays that the owner keeps, the same as long as the directory lives. In chunks
 * that seem to be used throughout every frame gets a slot, in others only frames that occur: so memory grows with their
 * number, however far apart they are.
 */
export class FrameDirectory {
  /**
   * By chunk: the first of its 512 slots; 0 for none; minus the number of its frames if they are in `single`; and minus
   * WORTH_A_TABLE and where its table begins.
   */
  private direct = new Int32Array(16);
  private readonly far = new FrameHash();
  /** Tables of chunks, a slot for each frame, 0 for none. */
  private tables = new Int32Array(0);
  private tablesEnd = 0;
  /** Frames of chunks without a table. */
  private readonly single = new FrameHash();
  private denseChunks = 0;
  /** Frames asked for, also those that had a slot, up to ENOUGH_ASKED. */
  private asked = 0;
  /** One after the highest slot given out. */
  slots = 1;

  /** Slot of the frame, 0 if it has none yet. */
  find(frame: number): number {
    if (frame < this.direct.length * CHUNK) {
      const at = this.direct[frame >>> 9];
      return at > 0 ? at + (frame & 511) : at === 0 ? 0 : this.findSparse(at, frame);
    }
    return frame < DIRECT * CHUNK ? 0 : this.slotIn(this.far.get(Math.floor(frame / CHUNK)), frame);
  }

  private findSparse(at: number, frame: number): number {
    return at > -WORTH_A_TABLE ? this.single.get(frame) : this.tables[(frame % CHUNK) - at - WORTH_A_TABLE];
  }

  private slotIn(at: number, frame: number): number {
    return at > 0 ? at + (frame % CHUNK) : at === 0 ? 0 : this.findSparse(at, frame);
  }

  /** Slot of the frame, created if it has none; the caller then makes room up to `slots`. */
  make(frame: number): number {
    if (this.asked < ENOUGH_ASKED) this.asked++;
    const found = this.find(frame);
    return found !== 0 ? found : this.create(frame);
  }

  private create(frame: number): number {
    const chunk = Math.floor(frame / CHUNK);
    let at = this.chunk(chunk);
    if (at === 0 && this.denseChunks < FIRST_DENSE + this.asked / ASKED_FOR_DENSE) return this.makeDense(chunk) + (frame % CHUNK);
    const slot = this.slots++;
    if (at === 1 - WORTH_A_TABLE) {
      at = this.makeTable(chunk);
      this.setChunk(chunk, at);
    }
    if (at <= -WORTH_A_TABLE) {
      this.tables[(frame % CHUNK) - at - WORTH_A_TABLE] = slot;
    } else {
      this.single.set(frame, slot);
      this.setChunk(chunk, at - 1);
    }
    return slot;
  }

  private makeDense(chunk: number): number {
    const first = this.slots;
    this.slots += CHUNK;
    this.denseChunks++;
    this.setChunk(chunk, first);
    return first;
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
      if (at > 0 || at <= -WORTH_A_TABLE) {
        this.visitAll(first, at, visit);
        return;
      }
      // Those before are of chunks that got a table later.
      while (singles[next] < first) next++;
      for (; singles[next] < first + CHUNK; next++) visit(singles[next], this.single.get(singles[next]));
    };
    this.direct.forEach((at, chunk) => {
      if (at !== 0) visitChunk(chunk, at);
    });
    for (const chunk of this.far.sortedKeys()) visitChunk(chunk, this.far.get(chunk));
  }

  /** The same for the frames of this one's chunk. */
  forEachInChunk(frame: number, visit: (frame: number, slot: number) => void): void {
    const chunk = Math.floor(frame / CHUNK);
    this.visitAll(chunk * CHUNK, this.chunk(chunk), visit);
  }

  private visitAll(first: number, at: number, visit: (frame: number, slot: number) => void): void {
    for (let frame = first; at !== 0 && frame < first + CHUNK; frame++) {
      const slot = this.slotIn(at, frame);
      if (slot !== 0) visit(frame, slot);
    }
  }

  transfer(image: StateImage): void {
    this.direct = image.array('direct', this.direct);
    image.part('far', this.far);
    this.tables = image.array('tables', this.tables);
    this.tablesEnd = image.number('tablesEnd', this.tablesEnd);
    image.part('single', this.single);
    this.denseChunks = image.number('denseChunks', this.denseChunks);
    this.asked = image.number('asked', this.asked);
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
    const first = this.tablesEnd;
    this.tablesEnd += CHUNK;
    this.tables = withRoom(this.tables, this.tablesEnd);
    for (let i = 0; i < CHUNK; i++) this.tables[first + i] = this.single.get(chunk * CHUNK + i);
    return -first - WORTH_A_TABLE;
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
