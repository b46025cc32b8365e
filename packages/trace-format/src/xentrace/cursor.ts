import { getU64, setU64 } from '../u64.js';
import type { Chunk, PollingBounds } from './chunk.js';
import { HEADER_TSC_BIT, MAX_RECORD_WORDS, recordWords } from './records.js';

/** Reads bytes of a capture by offset into words. */
export type ReadWords = (into: Uint32Array, atWord: number, offset: number, bytes: number) => void;

/** Words that a cursor holds of a window at a time. */
const BUFFER_WORDS = 1 << 16;

/** Reads the windows of one pcpu one after the other; holds one piece of one window in memory. */
export class PcpuCursor {
  readonly pcpu: number;
  /** Windows still to come; streams add to it. */
  readonly chunks: Chunk[] = [];
  words: Uint32Array = new Uint32Array(0);
  /** The next record: position in `words`, behind the last whole word there, and its offset in the input. */
  pos = 0;
  end = 0;
  /** TSC of the record at `pos`: its own, or the lower bound it inherits. Low word first, as all TSCs here. */
  readonly tsc = new Uint32Array(2);
  /** Last TSC that a record of this pcpu carried itself. */
  readonly lastTsc = new Uint32Array(2);
  /** The record at `pos` carries its TSC. */
  own = false;
  sweep = 0;
  /** Running vcpu as far as known: domid * 2^16 + vcpu, or -1. */
  current = -1;
  /** Bytes of windows that held no whole record. */
  skippedBytes = 0;
  /** Where the first such bytes lie. */
  firstSkip = -1;
  backwards = 0;
  records = 0;
  /** Bytes of the windows taken up so far. */
  takenBytes = 0;
  firstTsc: bigint | undefined;
  private buffer = new Uint32Array(0);
  private chunk: Chunk | undefined;
  private nextChunk = 0;
  private unread = 0;
  private offset = 0;
  private readonly readWords: ReadWords;
  private readonly bounds: PollingBounds;

  constructor(pcpu: number, readWords: ReadWords, bounds: PollingBounds) {
    this.pcpu = pcpu;
    this.readWords = readWords;
    this.bounds = bounds;
  }

  /** True when a record is at hand; takes up the next window where one is known. */
  ready(): boolean {
    return this.holdsRecord() || this.refill();
  }

  private holdsRecord(): boolean {
    return this.pos < this.end && this.pos + recordWords(this.words[this.pos]) <= this.end;
  }

  /** Moves on when `pos` has reached `end` or a record is cut by it; false when no window is left for now. */
  refill(): boolean {
    for (;;) {
      if (this.unread > 0) this.readPiece();
      else if (this.pos < this.end) this.skipRest();
      else if (!this.openNext()) return false;
      if (this.holdsRecord()) {
        this.look();
        return true;
      }
    }
  }

  /** Takes note of the TSC of the record at `pos`. */
  look(): void {
    this.own = this.words[this.pos] >= HEADER_TSC_BIT;
    if (!this.own) return;
    this.tsc[0] = this.words[this.pos + 1];
    this.tsc[1] = this.words[this.pos + 2];
    if (isBefore(this.tsc, this.lastTsc)) this.backwards++;
    this.firstTsc ??= getU64(this.tsc, 0);
    this.lastTsc.set(this.tsc);
  }

  private openNext(): boolean {
    if (this.chunk !== undefined) {
      this.chunk.lastTsc ??= getU64(this.lastTsc, 0);
      this.chunk = undefined;
    }
    if (this.nextChunk >= this.chunks.length) return false;
    const chunk = this.chunks[this.nextChunk];
    // The list is a queue; what was read is let go now and then.
    if (++this.nextChunk > 256) {
      this.chunks.splice(0, this.nextChunk);
      this.nextChunk = 0;
    }
    this.chunk = chunk;
    this.takenBytes += chunk.bytes;
    this.sweep = chunk.sweep;
    if (chunk.words !== undefined) {
      this.words = chunk.words;
      this.pos = 0;
      this.end = chunk.words.length;
      this.unread = 0;
      this.skippedBytes += chunk.bytes & 3;
    } else {
      if (this.buffer.length === 0) this.buffer = new Uint32Array(BUFFER_WORDS);
      this.words = this.buffer;
      this.pos = 0;
      this.end = 0;
      this.offset = chunk.offset;
      this.unread = chunk.bytes & ~3;
      this.skippedBytes += chunk.bytes & 3;
      if (this.unread > 0) this.readPiece();
    }
    if (this.pos < this.end && this.words[this.pos] < HEADER_TSC_BIT) this.raiseToFloor(chunk);
    return true;
  }

  private readPiece(): void {
    this.words.copyWithin(0, this.pos, this.end);
    this.end -= this.pos;
    this.pos = 0;
    const bytes = Math.min(this.unread, (this.words.length - this.end) * 4);
    this.readWords(this.words, this.end, this.offset, bytes);
    this.end += bytes / 4;
    this.offset += bytes;
    this.unread -= bytes;
  }

  /** A record that its window cuts off: the rest of the window is no record. */
  private skipRest(): void {
    if (this.end - this.pos >= MAX_RECORD_WORDS) throw new Error('a whole record was taken for a cut one');
    this.skippedBytes += (this.end - this.pos) * 4;
    if (this.firstSkip < 0 && this.chunk !== undefined) {
      this.firstSkip = this.chunk.offset + this.chunk.bytes - (this.end - this.pos) * 4;
    }
    this.pos = this.end;
  }

  /** The records at the head of a window without a TSC lie after what the polling rounds prove. */
  private raiseToFloor(chunk: Chunk): void {
    const floor = this.bounds.floor(chunk.sweep, this.pcpu);
    if (floor > getU64(this.tsc, 0)) setU64(this.tsc, 0, floor);
  }
}

/** Of two TSCs. */
export function isBefore(a: Uint32Array, b: Uint32Array): boolean {
  return a[1] < b[1] || (a[1] === b[1] && a[0] < b[0]);
}
