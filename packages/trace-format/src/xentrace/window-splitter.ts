import { CPU_CHANGE_BYTES } from '../schema/xentrace-records.js';
import { checkCaptureHead, windowHeader } from './windows.js';

interface SplitWindow {
  readonly window: { readonly pcpu: number; readonly offset: number; readonly bytes: number };
  readonly words: Uint32Array;
}

/** No ring of any Xen could fill a larger window, so a larger claim is damage. */
const MAX_WINDOW = 1 << 30;

/** Cuts a byte stream into windows, each copied into its own array of words. */
export class WindowSplitter {
  /** Bytes seen so far. */
  bytes = 0;
  skipped = 0;
  readonly problems: string[] = [];
  private readonly name: string;
  private pending: Uint8Array[] = [];
  private pendingBytes = 0;
  private checked = false;
  /** Input offset of the first pending byte. */
  private offset = 0;
  private lostSince = -1;
  /** Bytes that must be pending before there is anything to do. */
  private needed = CPU_CHANGE_BYTES;

  constructor(name: string) {
    this.name = name;
  }

  /** Yields the windows that these bytes complete. @throws P2mError P2M_NOT_XENTRACE, P2M_ENDIAN */
  *push(bytes: Uint8Array): Generator<SplitWindow> {
    this.bytes += bytes.length;
    this.pending.push(bytes);
    this.pendingBytes += bytes.length;
    yield* this.windows();
  }

  /** If the stream ends inside a window, yields what there is of it. */
  *end(): Generator<SplitWindow> {
    if (!this.checked) checkCaptureHead(this.peek(this.pendingBytes & ~3), this.name);
    if (this.lostSince >= 0) {
      this.foundAgain(this.offset + this.pendingBytes);
      return;
    }
    if (this.pendingBytes === 0) return;
    const at = `byte 0x${this.offset.toString(16)}`;
    const header = this.pendingBytes >= CPU_CHANGE_BYTES ? windowHeader(this.peek(CPU_CHANGE_BYTES)) : undefined;
    if (header === undefined) {
      this.problems.push(`the capture was cut: ${this.pendingBytes} bytes of a window header at ${at}`);
      this.skipped += this.pendingBytes;
      return;
    }
    const bytes = this.pendingBytes - CPU_CHANGE_BYTES;
    this.problems.push(`the capture was cut: the window at ${at} lacks ${header.bytes - bytes} bytes`);
    this.skipped += bytes & 3;
    yield this.take(header.pcpu, bytes & ~3);
  }

  private *windows(): Generator<SplitWindow> {
    // Joins pieces only once they hold a window: joining at every piece would copy a large window again and again.
    while (this.pendingBytes >= this.needed) {
      this.needed = CPU_CHANGE_BYTES;
      const words = this.peek(CPU_CHANGE_BYTES);
      if (!this.checked) checkCaptureHead(words, this.name);
      this.checked = true;
      const header = windowHeader(words);
      const plausible = header !== undefined && header.bytes <= MAX_WINDOW;
      if (!plausible || (this.lostSince >= 0 && header.bytes % 4 !== 0)) {
        if (this.lostSince < 0) this.lostSince = this.offset;
        this.drop(4);
        continue;
      }
      this.foundAgain(this.offset);
      if (this.pendingBytes < CPU_CHANGE_BYTES + header.bytes) {
        this.needed = CPU_CHANGE_BYTES + header.bytes;
        return;
      }
      yield this.take(header.pcpu, header.bytes);
    }
  }

  /** Ends the damage that was being skipped. */
  private foundAgain(at: number): void {
    if (this.lostSince < 0) return;
    this.problems.push(`no window at byte 0x${this.lostSince.toString(16)}: ${at - this.lostSince} bytes were skipped`);
    this.skipped += at - this.lostSince;
    this.lostSince = -1;
  }

  private take(pcpu: number, bytes: number): SplitWindow {
    const offset = this.offset + CPU_CHANGE_BYTES;
    const all = this.join();
    const words = new Uint32Array(bytes >>> 2);
    new Uint8Array(words.buffer).set(all.subarray(CPU_CHANGE_BYTES, CPU_CHANGE_BYTES + words.length * 4));
    this.drop(CPU_CHANGE_BYTES + bytes);
    return { window: { pcpu, offset, bytes }, words };
  }

  private peek(bytes: number): Uint32Array {
    // Not slice(): for a Buffer, as streams yield it, that would share the memory of its pool.
    const head = new Uint8Array(this.join().subarray(0, bytes));
    return new Uint32Array(head.buffer, 0, bytes >>> 2);
  }

  private join(): Uint8Array {
    if (this.pending.length > 1) this.pending = [Buffer.concat(this.pending, this.pendingBytes)];
    return this.pending[0] ?? new Uint8Array(0);
  }

  private drop(bytes: number): void {
    this.pending = [this.join().subarray(bytes)];
    this.pendingBytes -= bytes;
    this.offset += bytes;
  }
}
