import { BatchBlock } from '../kernel/batch-block.js';
import type { EventBatch } from '../kernel/event-batch.js';
import { COLUMN_NAMES, type DictionaryName, PRESENT } from '../schema/columns.js';
import { KINDS } from '../schema/kinds.js';
import type { PieceOrigin, TraceMetadata } from '../schema/metadata.js';
import type { ChooseEvent, EventFilter } from './event-filter.js';
import type { BatchSink, NewNames } from './writer.js';

/** Columns that have a fixed number of elements a row; the writer fills `seq`. */
const COPIED = COLUMN_NAMES.filter(name => name !== 'seq' && name !== 'tsc_own' && name !== 'raw');

/** Hands on chosen events only, in batches as full as without it, and knows which kinds it has left out. */
export class FilterSink implements BatchSink {
  readonly block: BatchBlock;
  private readonly sink: BatchSink;
  private readonly choose: ChooseEvent;
  private target: EventBatch;
  private names: Partial<Record<DictionaryName, readonly string[]>> = {};
  private rows = new Uint32Array(0);
  /** Events so far, and those left out, by kind. */
  private readonly seen = new Float64Array(KINDS.length);
  private readonly left = new Float64Array(KINDS.length);

  constructor(sink: BatchSink, choose: ChooseEvent) {
    this.sink = sink;
    this.choose = choose;
    this.target = sink.acquire();
    this.block = new BatchBlock(this.target.capacity, 1, sink.block.kernel);
  }

  acquire(): EventBatch {
    return this.block.batches[0];
  }

  submit(batch: EventBatch, names: NewNames): void {
    for (const [name, added] of Object.entries(names) as [DictionaryName, readonly string[]][]) {
      this.names[name] = [...(this.names[name] ?? []), ...added];
    }
    const chosen = this.chosen(batch);
    for (let from = 0; from < chosen.length; ) {
      const room = this.target.capacity - this.target.rows;
      append(batch, chosen.subarray(from, from + room), this.target);
      from += room;
      if (this.target.rows < this.target.capacity) break;
      this.flush();
    }
    empty(batch);
  }

  complete(metadata: TraceMetadata): string {
    this.flush();
    return this.sink.complete(metadata);
  }

  publish(): void {
    this.sink.publish();
  }

  finish(metadata: TraceMetadata): void {
    this.flush();
    this.sink.finish(metadata);
  }

  abort(): void {
    this.sink.abort();
  }

  /** What the trace is of all events of `source`, by the filter that made it; undefined if it has them all. */
  origin(source: string, { domains, kinds: chosen }: EventFilter): PieceOrigin | undefined {
    const kinds = (counts: Float64Array) => KINDS.flatMap(({ name }, kind) => (counts[kind] > 0 ? [name] : []));
    const incomplete = kinds(this.left);
    if (incomplete.length === 0) return undefined;
    const toSeq = this.seen.reduce((sum, count) => sum + count, 0);
    // A kind that was not asked for is as good as not recorded; of one that was, a domain may have no events.
    const recorded = kinds(this.seen).filter(name => chosen === undefined || chosen.includes(name) || name === 'lost');
    const piece = { of: source, fromSeq: 0, toSeq, snapshots: 0, recorded, incomplete };
    return domains === undefined ? piece : { ...piece, domains: [...domains] };
  }

  private chosen(batch: EventBatch): Uint32Array {
    const { kind } = batch.columns;
    if (this.rows.length < batch.rows) this.rows = new Uint32Array(batch.capacity);
    let count = 0;
    for (let row = 0; row < batch.rows; row++) {
      this.seen[kind[row]]++;
      if (this.choose(batch, row)) this.rows[count++] = row;
      else this.left[kind[row]]++;
    }
    return this.rows.subarray(0, count);
  }

  private flush(): void {
    this.sink.submit(this.target, this.names);
    this.names = {};
    this.target = this.sink.acquire();
  }
}

/** Appends rows of a batch to another one. */
function append(source: EventBatch, rows: Uint32Array, into: EventBatch): void {
  const at = into.rows;
  for (const name of COPIED) {
    const width = source.columns[name].length / source.capacity;
    const [from, to] = [source.columns[name], into.columns[name]];
    for (let i = 0; i < rows.length; i++) {
      for (let word = 0; word < width; word++) to[(at + i) * width + word] = from[rows[i] * width + word];
    }
  }
  for (let i = 0; i < rows.length; i++) into.present[at + i] = source.present[rows[i]];
  if (source.rawBytes > 0) appendRaw(source, rows, into);
  into.rows += rows.length;
}

function appendRaw(source: EventBatch, rows: Uint32Array, into: EventBatch): void {
  let [row, start] = [0, 0];
  for (let i = 0; i < rows.length; i++) {
    for (; row < rows[i]; row++) start += source.rawLength[row];
    if ((source.present[row] & PRESENT.raw) === 0) continue;
    into.addRaw(into.rows + i, source.columns.raw.subarray(start, start + source.rawLength[row]));
  }
}

/** Empties a batch whose bitmaps were not filled. */
function empty(batch: EventBatch): void {
  for (const name of COPIED) {
    const array = batch.columns[name];
    array.fill(0, 0, batch.rows * (array.length / batch.capacity));
  }
  batch.present.fill(0, 0, batch.rows);
  batch.rawLength.fill(0, 0, batch.rows);
  batch.rows = 0;
  batch.rawBytes = 0;
}
