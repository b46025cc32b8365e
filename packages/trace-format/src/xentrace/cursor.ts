import type { Kernel } from '../kernel/kernel.js';
import { CURSOR, CURSOR_WORDS } from '../kernel/kernel-layout.js';
import { HEADER_TSC_BIT, MAX_RECORD_WORDS, recordWords } from '../schema/xentrace-records.js';
import { getU64, setU64 } from '../u64.js';
import type { Chunk, PollingBounds } from './chunk.js';

/** Reads bytes of a capture by offset into words. */
export type ReadWords = (into: Uint32Array, atWord: number, offset: number, bytes: number) => void;

/** Bytes of a window that a cursor holds at a time; fewer with many pcpus, as all must find room. */
const BUFFER_BYTES = 1 << 18;
const SMALL_BUFFER_BYTES = 1 << 15;
const FEW_PCPUS = 64;
/** A TSC that is further ahead than this, a millisecond or more, is looked at closely. */
const FAR = 2 ** 22;
/** Bytes of the next window that are looked at for its first TSC. */
const PEEK_BYTES = 4096;

/**
 * Reads the windows of one pcpu in order; holds one part of one window in the memory of the kernel. The kernel moves
 * the cursor, so its state is there too.
 */
export class PcpuCursor {
  readonly pcpu: number;
  /** Where its state lies in the memory. */
  readonly address: number;
  /** Windows still to come; streams add to it. */
  readonly chunks: Chunk[] = [];
  /** The part of the window held now. */
  words: Uint32Array = new Uint32Array(0);
  /** TSC of the record at `pos`: its own, or the lower bound it inherits. Low word first, like all TSCs here. */
  readonly tsc: Uint32Array;
  /** Last TSC that a record of this pcpu had itself. */
  readonly lastTsc: Uint32Array;
  sweep = 0;
  /** Bytes of windows that held no complete record. */
  skippedBytes = 0;
  /** Where the first such bytes are. */
  firstSkip = -1;
  records = 0;
  /** TSCs that were far ahead of the next and not believed. */
  wrongTscs = 0;
  /** Bytes of the windows opened so far. */
  takenBytes = 0;
  firstTsc: bigint | undefined;
  private readonly kernel: Kernel;
  /** Words as in CURSOR. */
  private readonly state: Uint32Array;
  private chunk: Chunk | undefined;
  private nextChunk = 0;
  /** Bytes of the window that were read, and that were not yet. */
  private read = 0;
  private unread = 0;
  private readonly readWords: ReadWords;
  private readonly bounds: PollingBounds;

  constructor(pcpu: number, kernel: Kernel, readWords: ReadWords, bounds: PollingBounds) {
    this.pcpu = pcpu;
    this.kernel = kernel;
    this.readWords = readWords;
    this.bounds = bounds;
    const { buffer, byteOffset } = kernel.take(CURSOR_WORDS * 4);
    this.address = byteOffset;
    this.state = new Uint32Array(buffer, byteOffset, CURSOR_WORDS);
    this.tsc = this.state.subarray(CURSOR.tsc, CURSOR.tsc + 2);
    this.lastTsc = this.state.subarray(CURSOR.lastTsc, CURSOR.lastTsc + 2);
    this.state[CURSOR.pcpu] = pcpu;
  }

  /** The next record: its position in `words`. */
  get pos(): number {
    return this.state[CURSOR.pos];
  }
  private set pos(pos: number) {
    this.state[CURSOR.pos] = pos;
  }

  /** After the last complete word in `words`. */
  get end(): number {
    return this.state[CURSOR.end];
  }
  private set end(end: number) {
    this.state[CURSOR.end] = end;
  }

  /** True if the record at `pos` has its own TSC. */
  get own(): boolean {
    return this.state[CURSOR.own] !== 0;
  }

  /** Running vcpu, if known: domid * 2^16 + vcpu, otherwise -1. */
  get current(): number {
    return this.state[CURSOR.isRunning] === 0 ? -1 : this.state[CURSOR.current];
  }
  set current(vcpu: number) {
    this.state[CURSOR.isRunning] = vcpu < 0 ? 0 : 1;
    this.state[CURSOR.current] = vcpu;
  }

  /** How often a TSC was lower than the one before. */
  get backwards(): number {
    return this.state[CURSOR.backwards];
  }

  /** True if there is a record at `pos`; opens the next window if one is known. */
  ready(): boolean {
    return this.holdsRecord() || this.refill();
  }

  private holdsRecord(): boolean {
    return this.pos < this.end && this.pos + recordWords(this.words[this.pos]) <= this.end;
  }

  /** Moves on when `pos` has reached `end` or a record is cut off there; false if no window is left for now. */
  refill(): boolean {
    for (;;) {
      if (this.chunk !== undefined && this.unread > 0) this.readPiece(this.chunk);
      else if (this.pos < this.end) this.skipRest();
      else if (!this.openNext()) return false;
      if (this.holdsRecord()) {
        this.look();
        return true;
      }
    }
  }

  /** Reads the TSC of the record at `pos`. */
  look(): void {
    const own = this.words[this.pos] >= HEADER_TSC_BIT;
    this.state[CURSOR.own] = own ? 1 : 0;
    if (!own) return;
    if (isFarAhead(this.words[this.pos + 2], this.words[this.pos + 1], this.lastTsc) && this.isWrong()) {
      this.state[CURSOR.own] = 0;
      this.wrongTscs++;
      return;
    }
    this.tsc[0] = this.words[this.pos + 1];
    this.tsc[1] = this.words[this.pos + 2];
    if (isBefore(this.tsc, this.lastTsc)) this.state[CURSOR.backwards]++;
    this.firstTsc ??= getU64(this.tsc, 0);
    this.lastTsc.set(this.tsc);
  }

  /**
   * After a run that the record at `pos` ended with a TSC beyond the limit: if it is far beyond, and later ones are not,
   * a bit of it was flipped. Believed, it would move the rest of this pcpu behind all others.
   */
  checkTsc(limit: Uint32Array): void {
    if (!isFarAhead(this.tsc[1], this.tsc[0], limit) || !this.own || this.pos >= this.end || !this.isWrong()) return;
    const next = this.nextTsc();
    setU64(this.tsc, 0, next === undefined || next > getU64(limit, 0) ? getU64(limit, 0) : next);
    this.lastTsc.set(this.tsc);
    this.state[CURSOR.own] = 0;
    this.wrongTscs++;
  }

  /** True if the record at `pos` has a TSC far ahead of the next one. */
  private isWrong(): boolean {
    const next = this.nextTsc();
    if (next === undefined) return false;
    const [high, low] = [this.words[this.pos + 2], this.words[this.pos + 1]];
    return isFarAhead(high, low, [Number(next & 0xffff_ffffn), Number(next >> 32n)]);
  }

  /** The next TSC of this pcpu behind the record at `pos`, as far as it is near; undefined if it is not known. */
  private nextTsc(): bigint | undefined {
    const { words, pos, end, chunk } = this;
    const here = firstTscOf(words, pos + recordWords(words[pos]), end);
    if (here !== undefined || chunk === undefined) return here;
    const isInWindow = this.unread > 0;
    const from = isInWindow ? chunk : this.chunks[this.nextChunk];
    if (from === undefined) return undefined;
    const done = isInWindow ? this.read : 0;
    const count = Math.min(isInWindow ? this.unread : from.bytes & ~3, PEEK_BYTES) >>> 2;
    if (from.words !== undefined) return firstTscOf(from.words, done / 4, done / 4 + count);
    const peeked = new Uint32Array(count);
    // A piece may end within a record: then it does not begin with one, and is not looked at.
    if (isInWindow && pos + recordWords(words[pos]) < end) return undefined;
    this.readWords(peeked, 0, from.offset + done, count * 4);
    return firstTscOf(peeked, 0, count);
  }

  private openNext(): boolean {
    if (this.chunk !== undefined) {
      this.chunk.lastTsc ??= getU64(this.lastTsc, 0);
      // What proves its time keeps the window, not its records.
      this.chunk.words = undefined;
      this.chunk = undefined;
    }
    if (this.nextChunk >= this.chunks.length) return false;
    const chunk = this.chunks[this.nextChunk];
    // The list is a queue; windows already read are removed now and then.
    if (++this.nextChunk > 256) {
      this.chunks.splice(0, this.nextChunk);
      this.nextChunk = 0;
    }
    this.chunk = chunk;
    this.takenBytes += chunk.bytes;
    this.sweep = chunk.sweep;
    if (this.words.length === 0) this.takeBuffer();
    this.pos = 0;
    this.end = 0;
    this.read = 0;
    this.unread = chunk.bytes & ~3;
    this.skippedBytes += chunk.bytes & 3;
    if (this.unread > 0) this.readPiece(chunk);
    if (this.pos < this.end && this.words[this.pos] < HEADER_TSC_BIT) this.raiseToFloor(chunk);
    return true;
  }

  private takeBuffer(): void {
    const bytes = this.pcpu < FEW_PCPUS ? BUFFER_BYTES : SMALL_BUFFER_BYTES;
    const { buffer, byteOffset } = this.kernel.take(bytes);
    this.words = new Uint32Array(buffer, byteOffset, bytes / 4);
    this.state[CURSOR.words] = byteOffset;
  }

  private readPiece(chunk: Chunk): void {
    this.words.copyWithin(0, this.pos, this.end);
    this.end -= this.pos;
    this.pos = 0;
    const bytes = Math.min(this.unread, (this.words.length - this.end) * 4);
    if (chunk.words === undefined) this.readWords(this.words, this.end, chunk.offset + this.read, bytes);
    else this.words.set(chunk.words.subarray(this.read / 4, (this.read + bytes) / 4), this.end);
    this.end += bytes / 4;
    this.read += bytes;
    this.unread -= bytes;
  }

  /** After a record that its window cuts off: the rest of the window is not a record. */
  private skipRest(): void {
    if (this.end - this.pos >= MAX_RECORD_WORDS) throw new Error('a whole record was taken for a cut one');
    this.skippedBytes += (this.end - this.pos) * 4;
    if (this.firstSkip < 0 && this.chunk !== undefined) {
      this.firstSkip = this.chunk.offset + this.chunk.bytes - (this.end - this.pos) * 4;
    }
    this.pos = this.end;
  }

  /** Records at the start of a window without a TSC are later than what the polling rounds prove. */
  private raiseToFloor(chunk: Chunk): void {
    const floor = this.bounds.floor(chunk.sweep, this.pcpu);
    if (floor > getU64(this.tsc, 0)) setU64(this.tsc, 0, floor);
  }
}

function isFarAhead(high: number, low: number, of: ArrayLike<number>): boolean {
  return (high - of[1]) * 2 ** 32 + (low - of[0]) > FAR;
}

/** The first TSC in a run of records, undefined if none has one. */
function firstTscOf(words: Uint32Array, from: number, end: number): bigint | undefined {
  for (let at = from; at < end; ) {
    const next = at + recordWords(words[at]);
    if (next > end) return undefined;
    if (words[at] >= HEADER_TSC_BIT) return (BigInt(words[at + 2]) << 32n) | BigInt(words[at + 1]);
    at = next;
  }
  return undefined;
}

/** Compares two TSCs. */
export function isBefore(a: Uint32Array, b: Uint32Array): boolean {
  return a[1] < b[1] || (a[1] === b[1] && a[0] < b[0]);
}
