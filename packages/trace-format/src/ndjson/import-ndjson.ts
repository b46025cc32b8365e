import type { Compression } from '../compress/codec.js';
import { P2mError } from '../errors.js';
import { BATCH_ROWS, type EventBatch } from '../kernel/event-batch.js';
import { RandomAccess } from '../read/file-access.js';
import { profileOfVersion } from '../schema/layout-profiles.js';
import { defaultMetadata, type TraceMetadata } from '../schema/metadata.js';
import type { EventFilter } from '../write/event-filter.js';
import { LayoutSample } from '../write/layout-sample.js';
import { filtered, withOrigin } from '../write/open-sink.js';
import { TraceNames } from '../write/trace-names.js';
import { type BatchSink, TraceWriter } from '../write/writer.js';
import { yieldTurn } from '../yield-turn.js';
import { decodeEvent } from './decode-event.js';
import { decodeHeader, isHeader } from './decode-header.js';
import { isSkipped, LineSplitter, parseLine } from './decode-lines.js';
import type { NdjsonHeader } from './header-schema.js';
import { refusal } from './refusal.js';

export interface NdjsonImportOptions {
  /** Metadata from the caller, which overrides the header. */
  readonly header?: NdjsonHeader | undefined;
  /** Rows per record batch. */
  readonly batchRows?: number | undefined;
  /** Which events become part of the trace. */
  readonly filter?: EventFilter | undefined;
  /** Compresses the trace. */
  readonly compression?: Compression | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Ends the import: nothing is written, and the signal's reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** Takes events as they come, in place of a file. */
export interface EventReceiver {
  open(metadata: TraceMetadata): BatchSink;
  /** Called when all events so far have been handed on; the layout is the one that fits their counts. */
  afterEvents(metadata: TraceMetadata): Promise<void> | void;
}

/**
 * Imports NDJSON from a file or a stream of bytes (docs/format.md describes the form). `name` is what errors and the
 * trace's metadata call the input. The first line that does not fit ends the import, and nothing is written.
 * @throws P2mError P2M_NDJSON with file, line and field; P2M_OPEN, P2M_NOT_A_FILE, P2M_WRITE
 */
export async function importNdjson(
  input: string | AsyncIterable<Uint8Array>,
  name: string,
  output: string | EventReceiver,
  options: NdjsonImportOptions = {},
): Promise<TraceMetadata> {
  const splitter = new LineSplitter();
  const rows = new NdjsonRows(name, output, options);
  let bytes = 0;
  try {
    for await (const piece of typeof input === 'string' ? piecesOf(input) : input) {
      for (const line of splitter.push(piece)) rows.add(line);
      bytes += piece.length;
      await rows.tell();
      options.onProgress?.(bytes);
      await yieldTurn(options.signal);
    }
    for (const line of splitter.end()) rows.add(line);
    return rows.finish();
  } catch (error) {
    rows.abort();
    const isOurs = error instanceof P2mError && error.code === 'P2M_NDJSON';
    throw isOurs ? error.at({ file: name, line: splitter.line }) : error;
  }
}

const PIECE = 1 << 18;

/** The bytes of a file; each piece is overwritten by the next. */
export async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  const file = new RandomAccess(path);
  try {
    const buffer = new Uint8Array(PIECE);
    for (let at = 0; at < file.size; at += PIECE) {
      const piece = buffer.subarray(0, Math.min(PIECE, file.size - at));
      file.read(piece, at);
      yield piece;
    }
  } finally {
    file.close();
  }
}

/** Turns lines into rows of batches. */
export class NdjsonRows {
  private readonly name: string;
  private readonly output: string | EventReceiver;
  private readonly options: NdjsonImportOptions;
  private readonly format: TraceMetadata['format'];
  private readonly names = new TraceNames();
  private header: NdjsonHeader | undefined;
  private seq = 0;
  /** Rows of the batch that were looked at. */
  private seen = 0;
  private open:
    | { sink: BatchSink; batch: EventBatch; metadata: TraceMetadata; layouts: LayoutSample | undefined }
    | undefined;

  /** `format` is what the trace was made from. */
  constructor(
    name: string,
    output: string | EventReceiver,
    options: NdjsonImportOptions,
    format: TraceMetadata['format'] = 'ndjson',
  ) {
    this.name = name;
    this.format = format;
    this.output = output;
    this.options = options;
  }

  add(line: string): void {
    if (isSkipped(line)) return;
    const object = parseLine(line);
    if (isHeader(object)) {
      if (this.header !== undefined || this.seq > 0) throw refusal('a header can only be the first line');
      this.header = decodeHeader(object);
      return;
    }
    this.addEvent(object);
  }

  /** Events so far. */
  get events(): number {
    return this.seq;
  }

  /** Adds the event that an object of NDJSON is. @throws P2mError P2M_NDJSON */
  addEvent(object: Readonly<Record<string, unknown>>): void {
    const trace = this.start();
    decodeEvent(object, this.seq, trace.batch, this.names);
    this.seq++;
    if (trace.batch.rows === trace.batch.capacity) {
      this.look();
      trace.sink.submit(trace.batch, this.names.takeNew());
      this.seen = 0;
      trace.batch = trace.sink.acquire();
    }
  }

  /** Shows a receiver the events so far. */
  async tell(): Promise<void> {
    const { output, open } = this;
    if (typeof output === 'string' || open === undefined) return;
    if (open.batch.rows > this.seen) {
      this.look();
      open.sink.grow?.(open.batch, this.names.takeNew());
    }
    await output.afterEvents(open.layouts?.settle(open.metadata) ?? open.metadata);
  }

  private look(): void {
    this.open?.layouts?.look(this.open.batch, this.seen);
    this.seen = this.open?.batch.rows ?? 0;
  }

  finish(): TraceMetadata {
    const { sink, batch, metadata, layouts } = this.start();
    this.look();
    if (batch.rows > 0) sink.submit(batch, this.names.takeNew());
    const settled = withOrigin(layouts?.settle(metadata) ?? metadata, sink, this.options.filter);
    sink.finish(settled);
    return settled;
  }

  abort(): void {
    this.open?.sink.abort();
  }

  /** The sink, opened once it is certain that no header follows. */
  private start() {
    if (this.open === undefined) {
      const { batchRows = BATCH_ROWS, compression, filter } = this.options;
      const header = { ...given(this.header), ...given(this.options.header) };
      const metadata = { ...metadataOf(this.name, header), format: this.format };
      const { output } = this;
      const sink =
        typeof output === 'string'
          ? filtered(new TraceWriter(output, metadata, batchRows, undefined, { compression }), filter)
          : output.open(metadata);
      const layouts = layoutOf(header) === undefined ? new LayoutSample() : undefined;
      this.open = { sink, batch: sink.acquire(), metadata, layouts };
    }
    return this.open;
  }
}

/** The fields of a header that are set, so that `undefined` overrides nothing when two headers are merged. */
function given(header: NdjsonHeader = {}): Partial<TraceMetadata> {
  return Object.fromEntries(Object.entries(header).filter(([, value]) => value !== undefined));
}

/** The layout that a header names, directly or by a version. */
function layoutOf({ layout, xenVersion = '' }: Partial<TraceMetadata>): string | undefined {
  return layout ?? profileOfVersion(xenVersion);
}

function metadataOf(name: string, header: Partial<TraceMetadata>): TraceMetadata {
  const metadata = defaultMetadata(name.split('/').at(-1) ?? name);
  const assumed: string[] = [];
  const layout = layoutOf(header);
  if (layout === undefined) {
    assumed.push(`page_info layout ${metadata.layout} (layout or xenVersion in the header say otherwise)`);
  }
  return { ...metadata, ...header, layout: layout ?? metadata.layout, assumed };
}
