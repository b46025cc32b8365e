import type { ImportHealth, TraceMetadata } from '../schema/metadata.js';
import { filtered, openPool, openTraceSink, withOrigin } from '../write/open-sink.js';
import type { BatchSink } from '../write/writer.js';
import { findLosses } from './find-losses.js';
import { inOrder, sayUncorrected } from './in-order.js';
import { Merger } from './merge.js';
import { checkOptions, type Interpretation, interpret, type XentraceOptions } from './options.js';
import { PayloadSniffer } from './payload-layout.js';
import { RowWriter } from './row-writer.js';
import { startMetadata } from './start-metadata.js';
import type { StreamReceiver, StreamState } from './stream-receiver.js';
import type { Window } from './windows.js';

/** Bytes of windows that a stream holds back before it gives up exact order. */
const REORDER_BYTES = 128 << 20;

/**
 * Imports a capture from a stream, window by window as they arrive; ends with the stream. Windows that later ones may
 * still have to precede are held back, at most `reorderBytes` of them. `output` is a path, or who takes the events as
 * they come: then clocks that are apart are not corrected.
 */
export async function importXentraceStream(
  input: AsyncIterable<Uint8Array>,
  name: string,
  output: string | StreamReceiver,
  options: XentraceOptions = {},
): Promise<TraceMetadata> {
  checkOptions(options);
  const { WindowSplitter } = await import('./window-splitter.js');
  const splitter = new WindowSplitter(name, options.pcpu);
  const sniffer = new PayloadSniffer();
  const waiting: { window: Window; words: Uint32Array }[] = [];
  let job: StreamJob | undefined;
  const start = () => {
    const layout = options.xenVersion === undefined ? sniffer.layout : undefined;
    job = new StreamJob(output, name, options, interpret(options, layout), splitter);
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
      // Windows are kept until the payload layout is known, however long that takes.
      if (job === undefined && (sniffer.done || splitter.bytes > (options.reorderBytes ?? REORDER_BYTES))) start();
      job?.drain();
      await job?.tell();
    }
    for (const { window, words } of splitter.end()) {
      if (!sniffer.done) sniffer.feed(words);
      if (job !== undefined) job.add(window, words);
      else waiting.push({ window, words });
    }
    return await (job ?? start()).finish();
  } catch (error) {
    job?.abort();
    throw error;
  }
}

/** What a WindowSplitter knows. */
interface Progress {
  readonly bytes: number;
  readonly skipped: number;
  readonly problems: readonly string[];
}

/** The import of a stream while it runs. */
class StreamJob implements StreamState {
  private readonly sink: BatchSink;
  private readonly rows: RowWriter;
  private readonly merger: Merger;
  private readonly started: TraceMetadata;
  private readonly limit: number;
  private readonly options: XentraceOptions;
  private readonly receiver: StreamReceiver | undefined;
  private readonly splitter: Progress;
  private held = 0;
  private gaveUp = 0;

  /** @throws P2mError P2M_WRITE */
  constructor(
    output: string | StreamReceiver,
    source: string,
    options: XentraceOptions,
    interpretation: Interpretation,
    splitter: Progress,
  ) {
    this.options = options;
    this.splitter = splitter;
    this.receiver = typeof output === 'string' ? undefined : output;
    this.limit = options.reorderBytes ?? REORDER_BYTES;
    this.started = startMetadata(source, options, interpretation);
    this.sink =
      typeof output === 'string'
        ? filtered(openTraceSink(output, this.started, openPool(options.compression)), options.filter)
        : output.open(this.started);
    this.rows = new RowWriter(this.sink, interpretation, options.symbols, options.map);
    this.merger = new Merger(this.rows, this.sink.block.kernel, () => {
      throw new Error('a stream has its windows in memory');
    });
  }

  get bytes(): number {
    return this.splitter.bytes;
  }
  get heldBytes(): number {
    return this.merger.heldBytes;
  }
  get late(): number {
    return this.rows.health.late;
  }
  get isApproximate(): boolean {
    return this.rows.health.isApproximate(this.merger.allCursors);
  }
  get overlaps(): number {
    return this.rows.overlaps.count;
  }

  /** With what is known so far. */
  metadata(): TraceMetadata {
    return this.rows.layouts?.settle(this.started) ?? this.started;
  }

  health(): ImportHealth {
    return this.rows.health.report(this.merger.allCursors);
  }

  add(window: Window, words: Uint32Array): void {
    const { receiver } = this;
    if (receiver?.losing !== undefined) findLosses(words, window.pcpu, loss => receiver.losing?.(loss));
    this.merger.add({ ...window, words });
    this.held += window.bytes;
  }

  drain(): void {
    this.merger.drain(false);
    this.merger.forget();
    this.held = this.merger.heldBytes;
    if (this.held <= this.limit) return;
    // An order that may be wrong, and is marked so, is better than unlimited memory.
    this.gaveUp++;
    this.merger.drain(true);
    this.held = 0;
  }

  /** Shows a receiver what is certain. */
  async tell(): Promise<void> {
    if (this.receiver === undefined) return;
    this.rows.show();
    await this.receiver.afterRound(this);
  }

  async finish(): Promise<TraceMetadata> {
    const { splitter } = this;
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
    await this.tell();
    const reported = { ...this.metadata(), health: this.health() };
    const finished = sayUncorrected(withOrigin(reported, this.sink, this.options.filter), this.rows.overlaps);
    const path = this.sink.complete(finished);
    const ordered = this.receiver === undefined ? await inOrder(path, finished, this.rows.overlaps) : finished;
    this.sink.publish();
    this.options.onProgress?.(splitter.bytes);
    return ordered;
  }

  abort(): void {
    this.sink.abort();
  }
}
