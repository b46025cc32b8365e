import { FrameHash } from './frame-hash.js';
import type { StateImage } from './state-image.js';

/** Frames in a chunk, as in one level of a page table. */
export const CHUNK = 512;
/** Chunks below this are found by index, and up to so many times their number; the rest through a hash. */
const DIRECT = 1 << 12;
const DIRECT_PER_CHUNK = 4;
const DIRECT_PER_USED_CHUNK = 1024;
/** Of so many chunks one has slots only for frames that occur, and tells how many do. */
const PROBE = 8;
/** If they are more than these, the other chunks have 512 slots in a row, which are found fastest. */
const WORTH_ALL = 128;
/** A chunk with as many frames gets a table, which is 2 KB; until then its frames are in a hash. */
const WORTH_A_TABLE = 16;
/** No machine has more: 64-bit addresses have 52 bits of frame number. */
export const MAX_FRAME = 2 ** 52;

/**
 * Frame number → slot: an index into arrays that the owner keeps, the same as long as the directory lives. Where chunks
 * are used throughout, most have a slot for every frame; else only frames that occur have one: so memory grows with
 * their number, however far apart they are.
 */
export class FrameDirectory {
  /**
   * By chunk: the first of its 512 slots; 0 for none; minus the number of its frames if they are in `single`; and minus
   * WORTH_A_TABLE and where its table begins.
   */
  private direct = new Int32Array(16);
  /** The same of chunks after those. */
  private readonly far = new FrameHash();
  private chunks = 0;
  /** Tables of chunks, a slot for each frame, 0 for none. */
  private tables = new Int32Array(0);
  private tablesEnd = 0;
  /** Frames of chunks without a table. */
  private readonly single = new FrameHash();
  /** Chunks that have no slots in a row, and their frames; and how many chunks came after the last of them. */
  private probes = 0;
  private probed = 0;
  private sinceProbe = 0;
  /** One after the highest slot given out. */
  slots = 1;

  /** Slot of the frame, 0 if it has none yet. */
  find(frame: number): number {
    if (frame < this.direct.length * CHUNK) {
      const at = this.direct[frame >>> 9];
      return at > 0 ? at + (frame & 511) : at === 0 ? 0 : this.findSparse(at, frame);
    }
    return this.far.size === 0 ? 0 : this.slotIn(this.far.get(Math.floor(frame / CHUNK)), frame);
  }

  private findSparse(at: number, frame: number): number {
    return at > -WORTH_A_TABLE ? this.single.get(frame) : this.tables[(frame % CHUNK) - at - WORTH_A_TABLE];
  }

  private slotIn(at: number, frame: number): number {
    return at > 0 ? at + (frame % CHUNK) : at === 0 ? 0 : this.findSparse(at, frame);
  }

  /** Slot of the frame, created if it has none; the caller then makes room up to `slots`. */
  make(frame: number): number {
    const found = this.find(frame);
    return found !== 0 ? found : this.create(frame);
  }

  private create(frame: number): number {
    const chunk = Math.floor(frame / CHUNK);
    let at = this.chunk(chunk);
    if (at === 0) {
      this.addChunk(chunk);
      if (!this.isProbe()) return this.makeDense(chunk) + (frame % CHUNK);
    }
    const slot = this.slots++;
    this.probed++;
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

  /** True if chunks are used throughout, as far as is known. */
  private areUsed(): boolean {
    return this.probes > 0 && this.probed >= this.probes * WORTH_ALL;
  }

  /** Makes it one of those found by index if they are not too many for what they find. */
  private addChunk(chunk: number): void {
    this.chunks++;
    const most = Math.max(DIRECT, this.chunks * (this.areUsed() ? DIRECT_PER_USED_CHUNK : DIRECT_PER_CHUNK));
    if (chunk < this.direct.length || chunk >= most) return;
    this.direct = withRoom(this.direct, chunk + 1);
    // They stay in the hash, where nobody looks for them any more.
    for (const key of this.far.allKeys()) {
      if (key < this.direct.length && this.direct[key] === 0) this.direct[key] = this.far.get(key);
    }
  }

  /** Whether a new chunk is to be one. */
  private isProbe(): boolean {
    if (this.areUsed() && ++this.sinceProbe < PROBE) return false;
    this.probes++;
    this.sinceProbe = 0;
    return true;
  }

  private makeDense(chunk: number): number {
    const first = this.slots;
    this.slots += CHUNK;
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
    for (const chunk of this.far.sortedKeys()) {
      if (chunk >= this.direct.length) visitChunk(chunk, this.far.get(chunk));
    }
  }

  /** The same for frames from `first` to `end` (exclusive). */
  forEachIn(first: number, end: number, visit: (frame: number, slot: number) => void): void {
    const inside = (frame: number, slot: number) => {
      if (frame >= first && frame < end) visit(frame, slot);
    };
    // Looking for each chunk of a wide range would take longer than passing by those that are there.
    if ((end - first) / CHUNK > this.chunks) {
      this.forEach(inside);
      return;
    }
    for (let frame = first - (first % CHUNK); frame < end; frame += CHUNK) this.forEachInChunk(frame, inside);
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
    this.chunks = image.number('chunks', this.chunks);
    this.tables = image.array('tables', this.tables);
    this.tablesEnd = image.number('tablesEnd', this.tablesEnd);
    image.part('single', this.single);
    this.probes = image.number('probes', this.probes);
    this.probed = image.number('probed', this.probed);
    this.sinceProbe = image.number('sinceProbe', this.sinceProbe);
    this.slots = image.number('slots', this.slots);
  }

  private chunk(chunk: number): number {
    return chunk < this.direct.length ? this.direct[chunk] : this.far.get(chunk);
  }

  private setChunk(chunk: number, at: number): void {
    if (chunk < this.direct.length) this.direct[chunk] = at;
    else this.far.set(chunk, at);
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
