import { RandomAccess } from '../file-access.js';
import type { TraceMetadata } from '../metadata.js';
import { openTraceSink } from '../worker-sink.js';
import type { BatchSink } from '../writer.js';
import { yieldTurn } from '../yield-turn.js';
import type { ReadWords } from './cursor.js';
import { Merger } from './merge.js';
import { checkOptions, type Interpretation, interpret, type XentraceOptions } from './options.js';
import { PayloadSniffer } from './payload-layout.js';
import { CPU_CHANGE_BYTES } from './records.js';
import { RowWriter } from './row-writer.js';
import { checkCaptureHead, type WindowHeader, windowHeader } from './windows.js';

interface Window extends WindowHeader {
  readonly offset: number;
}

/** Windows that a stream holds back at most before it gives up an order. */
const REORDER_BYTES = 128 << 20;
/** Steps of a merge until signals get their turn, some milliseconds. */
const TURN_STEPS = 4096;

/**
 * Imports a capture file: first an index of its windows, then one merge that reads each window once.
 * Returns the finished trace's metadata; `health` tells what was not readable.
 * @throws P2mError P2M_OPEN, P2M_NOT_A_FILE, P2M_NOT_XENTRACE, P2M_ENDIAN, P2M_WRITE, P2M_VERSION, P2M_LAYOUT
 */
export async function importXentraceFile(
  input: string,
  output: string,
  options: XentraceOptions = {},
): Promise<TraceMetadata> {
  checkOptions(options);
  const file = new RandomAccess(input);
  try {
    const head = new Uint32Array(Math.min(file.size, CPU_CHANGE_BYTES) >>> 2);
    file.read(asBytes(head, 0, head.length * 4), 0);
    checkCaptureHead(head, input);
    const problems: string[] = [];
    const { windows, skipped } = indexWindows(file, problems);
    const readWords: ReadWords = (into, atWord, offset, bytes) => file.read(asBytes(into, atWord, bytes), offset);
    const interpretation = interpret(options, options.xenVersion === undefined ? sniff(windows, readWords) : undefined);
    return await importWith(output, input, options, interpretation, async job => {
      job.rows.health.bytes = file.size;
      job.rows.health.skippedBytes = skipped;
      job.rows.health.problems.push(...problems);
      const merger = new Merger(job.rows, readWords);
      for (const window of windows) merger.add(window);
      const report = progressOf(merger, options);
      while (!merger.drain(true, report, TURN_STEPS)) await yieldTurn(options.signal);
      return merger;
    });
  } finally {
    file.close();
  }
}

/**
 * Imports a capture from a stream, window by window as they arrive; ends with the stream. What may still be
 * preceded by later windows is held back, `reorderBytes` of it at the most.
 */
export async function importXentraceStream(
  input: AsyncIterable<Uint8Array>,
  name: string,
  output: string,
  options: XentraceOptions = {},
): Promise<TraceMetadata> {
  checkOptions(options);
  const { WindowSplitter } = await import('./window-splitter.js');
  const splitter = new WindowSplitter(name);
  const sniffer = new PayloadSniffer();
  const waiting: { window: Window; words: Uint32Array }[] = [];
  let job: StreamJob | undefined;
  const start = async () => {
    const layout = options.xenVersion === undefined ? sniffer.layout : undefined;
    job = await StreamJob.open(output, name, options, interpret(options, layout));
    for (const { window, words } of waiting.splice(0)) job.add(window, words);
    return job;
  };
  try {
    for await (const bytes of input) {
      for (const { window, words } of splitter.push(bytes)) {
        if (!sniffer.done) sniffer.feed(words);
        if (job !== undefined) job.add(window, words);
        else waiting.push({ window, words });
      }
      // Windows are kept until the payload layout is known, as long as that may be.
      if (job === undefined && (sniffer.done || splitter.bytes > (options.reorderBytes ?? REORDER_BYTES)))
        await start();
      job?.drain();
    }
    for (const { window, words } of splitter.end()) {
      if (!sniffer.done) sniffer.feed(words);
      if (job !== undefined) job.add(window, words);
      else waiting.push({ window, words });
    }
    return (job ?? (await start())).finish(splitter);
  } catch (error) {
    job?.abort();
    throw error;
  }
}

interface Job {
  readonly rows: RowWriter;
}

/** Opens the sink, lets `work` fill it, and finishes or aborts it. */
async function importWith(
  output: string,
  source: string,
  options: XentraceOptions,
  interpretation: Interpretation,
  work: (job: Job) => Promise<Merger>,
): Promise<TraceMetadata> {
  const metadata = startMetadata(source, options, interpretation);
  const sink = await openTraceSink(output, metadata);
  try {
    const rows = new RowWriter(sink, interpretation.numbering, interpretation.oldPayloads, options.symbols);
    const merger = await work({ rows });
    rows.flush();
    const finished = { ...metadata, health: rows.health.report(merger.allCursors) };
    sink.finish(finished);
    return finished;
  } catch (error) {
    sink.abort();
    throw error;
  }
}

function startMetadata(source: string, options: XentraceOptions, { metadata }: Interpretation): TraceMetadata {
  return {
    source: source.split('/').at(-1) ?? source,
    format: 'xentrace',
    ...metadata,
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.tscHz === undefined ? {} : { tscHz: options.tscHz }),
    controlDomains: [...(options.controlDomains ?? [0])],
  };
}

/** A stream's import while it runs. */
class StreamJob {
  private readonly sink: BatchSink;
  private readonly rows: RowWriter;
  private readonly merger: Merger;
  private readonly metadata: TraceMetadata;
  private readonly limit: number;
  private readonly options: XentraceOptions;
  private held = 0;
  private gaveUp = 0;

  private constructor(
    sink: BatchSink,
    metadata: TraceMetadata,
    options: XentraceOptions,
    interpretation: Interpretation,
  ) {
    this.options = options;
    this.limit = options.reorderBytes ?? REORDER_BYTES;
    this.metadata = metadata;
    this.sink = sink;
    this.rows = new RowWriter(sink, interpretation.numbering, interpretation.oldPayloads, options.symbols);
    this.merger = new Merger(this.rows, () => {
      throw new Error('a stream has its windows in memory');
    });
  }

  static async open(
    output: string,
    source: string,
    options: XentraceOptions,
    interpretation: Interpretation,
  ): Promise<StreamJob> {
    const metadata = startMetadata(source, options, interpretation);
    return new StreamJob(await openTraceSink(output, metadata), metadata, options, interpretation);
  }

  add(window: Window, words: Uint32Array): void {
    this.merger.add({ ...window, words });
    this.held += window.bytes;
  }

  drain(): void {
    this.merger.drain(false);
    this.held = this.merger.heldBytes;
    if (this.held <= this.limit) return;
    // Better an order that may be wrong, and said to be, than memory without end.
    this.gaveUp++;
    this.merger.drain(true);
    this.held = 0;
  }

  finish(splitter: { bytes: number; skipped: number; problems: readonly string[] }): TraceMetadata {
    this.merger.drain(true);
    this.rows.flush();
    const { health } = this.rows;
    health.bytes = splitter.bytes;
    health.skippedBytes = splitter.skipped;
    health.problems.push(...splitter.problems);
    if (this.gaveUp > 0) {
      health.problems.push(
        `the order between pcpus was given up ${this.gaveUp} times: more than ${this.limit} bytes in one polling round`,
      );
    }
    const finished = { ...this.metadata, health: health.report(this.merger.allCursors) };
    this.sink.finish(finished);
    this.options.onProgress?.(splitter.bytes);
    return finished;
  }

  abort(): void {
    this.sink.abort();
  }
}

function asBytes(words: Uint32Array, atWord: number, bytes: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset + atWord * 4, bytes);
}

/** Finds every window of a file by hopping from header to header; damage is hopped over and told. */
function indexWindows(file: RandomAccess, problems: string[]): { windows: Window[]; skipped: number } {
  const windows: Window[] = [];
  const header = new Uint32Array(CPU_CHANGE_BYTES / 4);
  let skipped = 0;
  let at = 0;
  while (at < file.size) {
    if (file.size - at < CPU_CHANGE_BYTES) {
      problems.push(`the capture was cut: ${file.size - at} bytes of a window header at byte 0x${at.toString(16)}`);
      return { windows, skipped: skipped + file.size - at };
    }
    file.read(asBytes(header, 0, CPU_CHANGE_BYTES), at);
    const found = windowHeader(header);
    if (found === undefined) {
      const next = findWindow(file, at + 4);
      problems.push(`no window at byte 0x${at.toString(16)}: ${next - at} bytes were skipped`);
      skipped += next - at;
      at = next;
      continue;
    }
    const offset = at + CPU_CHANGE_BYTES;
    const bytes = Math.min(found.bytes, file.size - offset);
    if (bytes < found.bytes) {
      problems.push(`the capture was cut: the window at byte 0x${at.toString(16)} lacks ${found.bytes - bytes} bytes`);
    }
    windows.push({ pcpu: found.pcpu, offset, bytes });
    at = offset + bytes;
  }
  return { windows, skipped };
}

/** Offset of the next plausible window header at or behind `from`, or the end of the file. */
function findWindow(file: RandomAccess, from: number): number {
  const words = new Uint32Array(1 << 16);
  for (let at = from; at + CPU_CHANGE_BYTES <= file.size; ) {
    const count = Math.min(words.length, (file.size - at) >>> 2);
    file.read(asBytes(words, 0, count * 4), at);
    for (let i = 0; i + 2 < count; i++) {
      const found = windowHeader(words, i);
      const offset = at + i * 4 + CPU_CHANGE_BYTES;
      if (found !== undefined && found.bytes % 4 === 0 && found.bytes <= file.size - offset) return at + i * 4;
    }
    if (count < words.length) break;
    at += (count - 2) * 4;
  }
  return file.size;
}

function sniff(windows: readonly Window[], read: ReadWords): 'old' | 'new' | undefined {
  const sniffer = new PayloadSniffer();
  let words = new Uint32Array(0);
  for (const window of windows) {
    if (sniffer.done) break;
    const count = window.bytes >>> 2;
    if (words.length < count) words = new Uint32Array(count);
    read(words, 0, window.offset, count * 4);
    sniffer.feed(words, count);
  }
  return sniffer.layout;
}

/** Calls onProgress with the bytes merged so far, now and then. */
function progressOf(merger: Merger, options: XentraceOptions): (() => void) | undefined {
  const { onProgress } = options;
  if (onProgress === undefined) return undefined;
  let calls = 0;
  return () => {
    if (++calls % 4096 === 0) onProgress(merger.readBytes);
  };
}
