import { CPU_CHANGE_BYTES } from '../schema/xentrace-records.js';
import type { ByteSource } from './byte-source.js';
import { type CaptureForm, captureForm, LOOKAHEAD } from './capture-form.js';
import { findRecords, walkRecords } from './record-walk.js';
import {
  beginsHeader,
  findWindowHeader,
  type Window,
  type WindowHeader,
  wasWindowHeader,
  windowHeaderAt,
} from './windows.js';

/** No ring of any Xen could fill a larger window, so a larger claim is damage. */
const MAX_WINDOW = 1 << 30;
/** Records in no window are handed on in windows of this many bytes. */
const BARE_BYTES = 1 << 18;
/** Bytes that hold a few records of the greatest length. */
const FEW_RECORDS = 256;
/** A capture that is damaged throughout has no more problems in its trace's metadata than these. */
const MAX_PROBLEMS = 50;

/**
 * Finds the windows of a capture one after the other. Each must end where the next begins, or the input ends; if it
 * doesn't, its size or the next header is damaged, or bytes are missing or too many. Then the next header is looked for
 * at every byte, and of the window remains what looks like records: damage costs no more than the windows it touches.
 * A stream that brings the same bytes in whatever pieces has the same windows.
 */
export class WindowFinder {
  /** Bytes that belong to no window. */
  skipped = 0;
  /** Offset of what is looked at next: nothing before it is needed any more. */
  at = 0;
  private readonly found: string[] = [];
  private problemCount = 0;
  private readonly source: ByteSource;
  private readonly file: string;
  private readonly pcpu: number | undefined;
  private form: CaptureForm | undefined;
  /** Begin of the bytes that belong to no window, -1 outside such a gap. */
  private lostFrom = -1;
  /** Everything before this offset was searched for headers. */
  private searched = 0;
  /** The header that the last window was found to end at, so that it is read once. */
  private ahead: { readonly at: number; readonly header: WindowHeader | undefined } | undefined;

  /** `pcpu`: whose the records are that lie in no window. */
  constructor(source: ByteSource, file: string, pcpu?: number) {
    this.source = source;
    this.file = file;
    this.pcpu = pcpu;
  }

  /** What was wrong, in words. */
  get problems(): string[] {
    const more = this.problemCount - this.found.length;
    return more === 0 ? this.found : [...this.found, `and ${more} places more where bytes were skipped`];
  }

  /** The next window; undefined at the end, or if more of the input must be known first. @throws P2mError */
  next(): Window | undefined {
    this.form ??= this.firstForm();
    while (this.form !== undefined) {
      if (this.at >= this.source.size) {
        if (this.source.ended) this.endGap(this.at);
        return undefined;
      }
      const step = this.form === 'bare' ? this.bareStep() : this.windowStep();
      if (step === 'wait') return undefined;
      if (step !== 'again') return step;
    }
    return undefined;
  }

  private firstForm(): CaptureForm | undefined {
    const form = captureForm(this.source, this.file, this.pcpu);
    if (form === 'bare' && this.pcpu === undefined) {
      this.addProblem('the records are in no windows: they are read as those of pcpu 0 (--pcpu names another)');
    }
    return form;
  }

  private windowStep(): Window | 'again' | 'wait' {
    const { source, at } = this;
    if (source.size - at < CPU_CHANGE_BYTES) return source.ended ? this.cutHeader() : 'wait';
    const header = this.headerAt(at);
    if (header === undefined) return this.toNextHeader();
    const end = this.endOf(header);
    if (end === undefined) return 'wait';
    this.endGap(at);
    const offset = at + CPU_CHANGE_BYTES;
    this.at = end;
    return { pcpu: header.pcpu, offset, bytes: end - offset };
  }

  private cutHeader(): 'again' {
    const { source, at } = this;
    if (this.lostFrom < 0) {
      this.addProblem(`the capture was cut: ${source.size - at} bytes of a window header at ${hex(at)}`);
      this.skipped += source.size - at;
    }
    this.at = source.size;
    return 'again';
  }

  /** Goes to the next header; what lies before it is lost. */
  private toNextHeader(): 'again' | 'wait' {
    const { source } = this;
    if (this.lostFrom < 0) this.lostFrom = this.at;
    const found = this.search(this.at + 1, source.size);
    this.at = found >= 0 ? found : source.ended ? source.size : source.size - CPU_CHANGE_BYTES + 1;
    return found >= 0 || source.ended ? 'again' : 'wait';
  }

  /** Where the window at `at` ends; undefined if more of the input must be known. */
  private endOf(header: WindowHeader): number | undefined {
    const { source } = this;
    const first = this.at + CPU_CHANGE_BYTES;
    const end = first + header.bytes;
    const isSane = header.bytes <= MAX_WINDOW;
    if (header.bytes > LOOKAHEAD) {
      // A stream should not be held back for a size that is damaged.
      const limit = isSane ? end : first + LOOKAHEAD;
      const next = this.search(first, limit);
      if (next >= 0) return this.damagedEnd(header, next);
      if (!isSane && source.size >= limit + CPU_CHANGE_BYTES) return this.damagedEnd(header, limit);
    }
    if (!source.ended && (!isSane || source.size < end + CPU_CHANGE_BYTES)) return undefined;
    if (end <= source.size && (this.headerAt(end) !== undefined || this.isCutHeader(end))) return end;
    const limit = (isSane ? end : first) + LOOKAHEAD;
    const next = this.search(first, limit);
    if (next >= 0) return this.damagedEnd(header, next);
    if (!source.ended && source.size < limit + CPU_CHANGE_BYTES) return undefined;
    if (end > source.size) {
      this.addProblem(`the capture was cut: the window at ${hex(this.at)} lacks ${end - source.size} bytes`);
      return source.size;
    }
    return this.damagedEnd(header, Math.min(limit, source.size));
  }

  /** True if the input ends here, or in the midst of a header. */
  private isCutHeader(at: number): boolean {
    const { source } = this;
    const rest = source.size - at;
    return source.ended && rest < CPU_CHANGE_BYTES && beginsHeader(source.bytes(at, rest));
  }

  /** Where a window ends that does not end where it says; the next one begins at `next`. */
  private damagedEnd({ bytes }: WindowHeader, next: number): number {
    const { source } = this;
    const first = this.at + CPU_CHANGE_BYTES;
    const end = first + bytes;
    // Not its size is wrong, but the header behind it.
    if (end < next && wasWindowHeader(source, end, next)) return end;
    const { reach, last, hitMark } = walkRecords(source, first, next, end);
    if (end < next && hitMark && reach !== next) return end;
    // What broke the row of records may have begun inside the last of them.
    const isWhole = reach === next;
    const what = isWhole ? 'its records are whole' : `only its first ${last - first} bytes are used`;
    this.addProblem(
      `the window at ${hex(this.at)} is damaged: it says ${bytes} bytes, the next begins after ${next - first}; ${what}`,
    );
    return isWhole ? reach : last;
  }

  /** Records that lie in no window, up to the next damage, window or the end. */
  private bareStep(): Window | 'again' | 'wait' {
    const { source, at } = this;
    const limit = at + BARE_BYTES;
    if (!source.ended && source.size < limit + FEW_RECORDS) return 'wait';
    if (windowHeaderAt(source, at) !== undefined) {
      this.form = 'windows';
      return 'again';
    }
    const { reach } = walkRecords(source, at, limit);
    if (reach > at) {
      this.endGap(at);
      this.at = reach;
      return { pcpu: this.pcpu ?? 0, offset: at, bytes: reach - at };
    }
    if (this.lostFrom < 0) this.lostFrom = at;
    const to = Math.min(limit, source.size);
    const window = findWindowHeader(source, at + 1, to);
    const records = findRecords(source, at + 1, window < 0 ? to : window);
    this.at = records >= 0 ? records : window >= 0 ? window : to;
    return 'again';
  }

  private headerAt(at: number): WindowHeader | undefined {
    // A header that is not known yet may be known later.
    if (at + CPU_CHANGE_BYTES > this.source.size) return undefined;
    if (this.ahead?.at !== at) this.ahead = { at, header: windowHeaderAt(this.source, at) };
    return this.ahead.header;
  }

  /** Offset of the next header in [from, to) as far as is known, -1 if there is none. */
  private search(from: number, to: number): number {
    const found = findWindowHeader(this.source, Math.max(from, this.searched), to);
    this.searched = found >= 0 ? found : Math.max(this.searched, Math.min(to, this.source.size - CPU_CHANGE_BYTES + 1));
    return found;
  }

  /** Ends a gap before this offset, if there is one. */
  private endGap(to: number): void {
    const from = this.lostFrom;
    if (from < 0) return;
    this.lostFrom = -1;
    this.skipped += to - from;
    const isHead = from === 0 && this.pcpu === undefined && this.form === 'windows';
    const remedy = isHead ? '; if they are records, --pcpu says of which pcpu' : '';
    this.addProblem(`no window at ${hex(from)}: ${to - from} bytes, up to ${hex(to)}, were skipped${remedy}`);
  }

  private addProblem(what: string): void {
    this.problemCount++;
    if (this.found.length < MAX_PROBLEMS) this.found.push(what);
  }
}

const hex = (at: number): string => `byte 0x${at.toString(16)}`;
