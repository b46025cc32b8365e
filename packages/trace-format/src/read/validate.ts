import { P2mError } from '../errors.js';
import type { BatchHeader, DictionaryHeader } from '../ipc/decode-message.js';
import type { MessageBlock } from '../ipc/encode-message.js';
import { MAGIC } from '../ipc/file-format.js';
import { DICTIONARIES, type DictionaryName, type SchemaVersion } from '../schema/columns.js';
import { batchInfo } from './batch-info.js';
import { RandomAccess } from './file-access.js';
import { addNames, type FoundFooter, isEnd, readFooter, readMessage, readNames, traceStart } from './read-contents.js';
import { TraceReader } from './reader.js';
import { validateBatch } from './validate-batch.js';

export interface ValidationProblem {
  readonly code: string;
  readonly what: string;
  readonly byte?: number;
  readonly batch?: number;
}

export interface ValidationReport {
  /** Batches and rows found. */
  readonly batches: number;
  readonly rows: number;
  /** True if the trace protects its bytes with checksums. */
  readonly checksummed: boolean;
  /** True if nothing at all is wrong. */
  readonly whole: boolean;
  readonly problems: readonly ValidationProblem[];
}

/**
 * Reads all of a trace and accounts for every byte of it: magic, every message with its body, end of stream, footer
 * and tail, with nothing between them; then checks seqs, and that all indices have names.
 * @throws P2mError like TraceReader.open, if not even the head can be read
 */
export function validateTrace(path: string, onProgress?: (bytes: number, of: number) => void): ValidationReport {
  const reader = TraceReader.open(path);
  reader.close();
  const file = new RandomAccess(path);
  try {
    const report = new Validator(file, onProgress).run();
    if (!report.whole || reader.damage === undefined) return report;
    return { ...report, whole: false, problems: [reader.damage] };
  } catch (error) {
    throw error instanceof P2mError ? error.at({ file: path }) : error;
  } finally {
    file.close();
  }
}

class Validator {
  private readonly file: RandomAccess;
  private readonly problems: ValidationProblem[] = [];
  private readonly names = new Map<DictionaryName, string[]>();
  private readonly dictionaries: MessageBlock[] = [];
  private readonly batches: MessageBlock[] = [];
  private rows = 0;
  private nextSeq: number | undefined;
  private version: SchemaVersion | undefined;

  private readonly onProgress: ((bytes: number, of: number) => void) | undefined;

  constructor(file: RandomAccess, onProgress?: (bytes: number, of: number) => void) {
    this.file = file;
    this.onProgress = onProgress;
  }

  run(): ValidationReport {
    const { file } = this;
    const { start, isStream } = traceStart(file);
    const padding = file.bytes(0, start).subarray(MAGIC.length);
    if (padding.some(byte => byte !== 0))
      this.addProblem('P2M_DAMAGED', 'the magic is not followed by zeros', MAGIC.length);
    const head = readMessage(file, start);
    const hasSchema = head.header.type === 'schema';
    const body = hasSchema ? head.body : start;
    const checksummed = head.header.type === 'schema' && head.header.checksummed;
    if (head.header.type === 'schema') this.version = head.header.version;
    const footer = isStream ? undefined : readFooter(file);
    if (footer instanceof P2mError) {
      this.addProblem(footer.code, footer.message, footer.place.byte ?? file.size);
      this.messages(body, undefined, file.size, checksummed);
    } else {
      const end = this.messages(body, footer, footer?.at ?? file.size, checksummed);
      if (footer !== undefined) this.checkFooter(footer, end, checksummed);
    }
    const { problems } = this;
    return { batches: this.batches.length, rows: this.rows, checksummed, whole: problems.length === 0, problems };
  }

  private addProblem(code: string, what: string, byte: number, batch?: number): void {
    this.problems.push({ code, what, byte, ...(batch === undefined ? {} : { batch }) });
  }

  /** Checks message after message up to `end`; returns where they ended. */
  private messages(from: number, footer: FoundFooter | undefined, end: number, checksummed: boolean): number {
    const { file } = this;
    let at = from;
    while (at < end) {
      this.onProgress?.(at, file.size);
      if (isEnd(file, at)) {
        at += 8;
        // Only the footer may follow the end of the stream; a lost footer has been reported already.
        if (at < end && this.problems.length === 0) {
          this.addProblem('P2M_GAP', `${end - at} bytes after the end of the stream belong to no message`, at);
        }
        return at;
      }
      const next = this.message(at, end, checksummed) ?? nextBlock(footer, at);
      if (next === undefined) return at;
      at = next;
    }
    if (footer === undefined && this.problems.length === 0) {
      this.addProblem('P2M_CUT', 'the trace was cut: the stream has no end mark', at);
    }
    return at;
  }

  /** Checks a message and its body; returns where it ends, or undefined if that can't be known. */
  private message(at: number, end: number, checksummed: boolean): number | undefined {
    try {
      const { header, body } = readMessage(this.file, at, { ...(this.version && { version: this.version }) });
      if (header.type === 'schema') throw new P2mError('P2M_DAMAGED', 'a second schema');
      const next = body + header.bodyBytes;
      if (next > end) throw new P2mError('P2M_DAMAGED', `a message reaches ${next - end} bytes into the footer`);
      const block = { offset: at, metadataBytes: body - at, bodyBytes: header.bodyBytes };
      if (header.type === 'dictionary') this.dictionary(block, header, body, checksummed);
      else this.batch(block, header, body, checksummed);
      return next;
    } catch (error) {
      if (!(error instanceof P2mError)) throw error;
      this.addProblem(error.code, error.message, error.place.byte ?? at);
      return undefined;
    }
  }

  private dictionary(block: MessageBlock, header: DictionaryHeader, body: number, checksummed: boolean): void {
    this.dictionaries.push(block);
    try {
      const read = readNames(this.file, header, body, checksummed);
      const before = this.names.get(read.name) ?? [];
      addNames(this.names, read);
      const now = this.names.get(read.name) ?? [];
      if (DICTIONARIES[read.name].grows && before.some((name, i) => now[i] !== name)) {
        this.addProblem('P2M_NAME', `names of dictionary ${read.name} change their index`, block.offset);
      }
    } catch (error) {
      if (!(error instanceof P2mError)) throw error;
      this.addProblem(error.code, error.message, error.place.byte ?? body);
    }
  }

  private batch(block: MessageBlock, header: BatchHeader, body: number, checksummed: boolean): void {
    const index = this.batches.length;
    this.batches.push(block);
    const info = batchInfo(header, index, body, this.nextSeq ?? 0);
    if (checksummed && header.crcs === undefined) {
      this.addProblem('P2M_DAMAGED', 'a batch has lost its checksum', block.offset, index);
    }
    if (this.nextSeq !== undefined && info.firstSeq !== this.nextSeq) {
      this.addProblem(
        'P2M_SEQ',
        `a batch starts with seq ${info.firstSeq} instead of ${this.nextSeq}`,
        block.offset,
        index,
      );
    }
    this.nextSeq = info.firstSeq + info.rows;
    this.rows += info.rows;
    // Names are certainly missing only if every earlier dictionary could be read.
    const names = this.problems.length === 0 ? this.names : new Map();
    validateBatch(this.file, info, names, (code, what, byte) => this.addProblem(code, what, byte, index));
  }

  /** Checks that the footer lists what is there, with nothing between it and the messages. */
  private checkFooter(footer: FoundFooter, end: number, checksummed: boolean): void {
    if (footer.checksummed !== checksummed) {
      this.addProblem('P2M_DAMAGED', 'the head or the footer has lost its checksum', footer.at);
    }
    if (this.problems.length > 0) return;
    if (end !== footer.at)
      this.addProblem('P2M_GAP', `${footer.at - end} bytes before the footer belong to no message`, end);
    const same = (a: MessageBlock, b: MessageBlock | undefined) =>
      a.offset === b?.offset && a.metadataBytes === b.metadataBytes && a.bodyBytes === b.bodyBytes;
    const batchesFit =
      footer.batches.length === this.batches.length && footer.batches.every((block, i) => same(block, this.batches[i]));
    const namesFit = footer.dictionaries.every(block => this.dictionaries.some(found => same(found, block)));
    if (!batchesFit || !namesFit)
      this.addProblem('P2M_DAMAGED', 'the footer lists other messages than there are', footer.at);
  }
}

/** Offset of the first message after `at` that the footer lists. */
function nextBlock(footer: FoundFooter | undefined, at: number): number | undefined {
  const offsets = [...(footer?.batches ?? []), ...(footer?.dictionaries ?? [])].map(block => block.offset);
  const behind = offsets.filter(offset => offset > at);
  return behind.length === 0 ? undefined : behind.reduce((least, offset) => Math.min(least, offset));
}
