import type { EventBatch } from '../kernel/event-batch.js';
import type { KernelFunctions } from '../kernel/kernel.js';
import { EXIT, RUN } from '../kernel/kernel-layout.js';
import type { ImportMap } from '../map/map-schema.js';
import { MappedDecoder } from '../map/mapped-decoder.js';
import { LockOverlaps } from '../order/lock-overlaps.js';
import { PRESENT } from '../schema/columns.js';
import { KIND } from '../schema/kinds.js';
import { MEM_WORDS, NO_RECORD } from '../schema/record-table.js';
import { viewName } from '../schema/view-names.js';
import * as X from '../schema/xentrace-records.js';
import { LayoutSample } from '../write/layout-sample.js';
import { TraceNames } from '../write/trace-names.js';
import type { BatchSink } from '../write/writer.js';
import type { PcpuCursor } from './cursor.js';
import { hasOtherKind, OtherDecoder } from './decode-other.js';
import { HealthCounter } from './health.js';
import { KernelTables } from './kernel-tables.js';
import type { Interpretation } from './options.js';
import type { SymbolTable } from './symbols.js';

const { arg0: ARG0, raw: RAW } = PRESENT;

/**
 * Turns records into rows of batches, in the order given. The kernel does so with all TRC_MEM records; rare cases are
 * handled here.
 */
export class RowWriter {
  readonly health: HealthCounter;
  readonly overlaps = new LockOverlaps();
  /** Absent if the layout is known. */
  readonly layouts: LayoutSample | undefined;
  private readonly sink: BatchSink;
  private readonly runKernel: KernelFunctions['run'];
  private readonly tables: KernelTables;
  private readonly state: Uint32Array;
  private readonly names = new TraceNames();
  private readonly others: OtherDecoder;
  private readonly symbols: SymbolTable | undefined;
  private readonly mapped: MappedDecoder | undefined;
  private batch: EventBatch;
  /** Rows of the batch that were handed on already. */
  private shown = 0;

  constructor(
    sink: BatchSink,
    { numbering, oldPayloads, layoutAssumed }: Omit<Interpretation, 'metadata'>,
    symbols: SymbolTable | undefined,
    map?: ImportMap,
  ) {
    const { kernel } = sink.block;
    const tables = new KernelTables(kernel, numbering, oldPayloads);
    this.sink = sink;
    this.layouts = layoutAssumed ? new LayoutSample() : undefined;
    this.runKernel = kernel.functions.run;
    this.tables = tables;
    this.state = tables.state;
    this.symbols = symbols;
    this.health = new HealthCounter(tables.counts, tables.ignored);
    this.others = new OtherDecoder(sink.block.columns, tables.types, this.health);
    tables.writeTo(sink.block);
    if (map !== undefined && map.records.length > 0) {
      this.mapped = new MappedDecoder(map.records, sink.block, this.names, tables.types);
      for (const { id } of map.records) tables.leaveOut(Number(id));
    }
    this.batch = this.nextBatch();
  }

  /**
   * Writes the cursor's record and those after it, until one has a TSC that is not before the limit (or equal to it, if
   * the cursor loses ties), or the window ends. Records without a TSC follow their predecessor
   * (docs/xen.md#windows-and-order).
   * Returns the number of records.
   */
  run(cursor: PcpuCursor, limit: Uint32Array, winsTies: boolean): number {
    const { state } = this;
    state[RUN.limit] = limit[0];
    state[RUN.limitHigh] = limit[1];
    state[RUN.winsTies] = winsTies ? 1 : 0;
    state[RUN.records] = 0;
    state[RUN.withoutTsc] = 0;
    let written = 0;
    for (;;) {
      const exit = this.runKernel(cursor.address, written);
      if (exit === EXIT.done) break;
      written = 0;
      if (exit === EXIT.other) written = this.writeOther(cursor);
      else if (exit === EXIT.full) this.flush();
      else this.addName(exit);
    }
    cursor.records += state[RUN.records];
    this.health.withoutTsc += state[RUN.withoutTsc];
    return state[RUN.records];
  }

  /** Hands on the last rows. */
  flush(): void {
    this.look();
    this.sink.submit(this.batch, this.names.takeNew());
    this.shown = 0;
    this.batch = this.nextBatch();
  }

  /** Shows the rows so far to a sink that can use them. */
  show(): void {
    if (this.sink.grow === undefined || this.state[RUN.row] - this.batch.firstRow === this.shown) return;
    this.look();
    this.sink.grow(this.batch, this.names.takeNew());
  }

  private look(): void {
    this.batch.rows = this.state[RUN.row] - this.batch.firstRow;
    this.overlaps.scan(this.batch, this.shown);
    this.layouts?.look(this.batch, this.shown);
    this.shown = this.batch.rows;
  }

  private nextBatch(): EventBatch {
    const batch = this.sink.acquire();
    this.state[RUN.row] = batch.firstRow;
    this.state[RUN.rowEnd] = batch.firstRow + batch.capacity;
    return batch;
  }

  /** Decodes the cursor's record, which the kernel has skipped or refused. Returns its columns, or NO_ROW. */
  private writeOther(cursor: PcpuCursor): number {
    const { words, pos } = cursor;
    const row = this.state[RUN.row];
    if (this.mapped?.has(words[pos] & X.EVENT_MASK) === true) return this.writeMapped(this.mapped, row, words, pos);
    const isMem = (words[pos] & X.CLASS_MASK) === X.MEM_CLASS;
    const present = isMem ? 0 : this.others.decode(cursor, row, words, pos);
    return present === 0 ? this.keepUnknown(row, words, pos) : present;
  }

  /** Decodes a record of another recorder. */
  private writeMapped(mapped: MappedDecoder, row: number, words: Uint32Array, pos: number): number {
    const event = words[pos] & X.EVENT_MASK;
    if ((event & X.CLASS_MASK) !== X.MEM_CLASS) this.health.countOther(event);
    const count = X.extraWords(words[pos]);
    const present = mapped.decode(event, row, words, pos + X.recordWords(words[pos]) - count, count);
    if (present !== 0) return present;
    this.health.misfits++;
    this.batch.clearRow(row - this.batch.firstRow);
    return this.keepUnknown(row, words, pos);
  }

  /** Keeps a record as it is if no table lists it, or its contents fit no column. */
  private keepUnknown(row: number, words: Uint32Array, pos: number): number {
    const { kind, arg0 } = this.sink.block.columns;
    const header = words[pos];
    const event = header & X.EVENT_MASK;
    const inBatch = row - this.batch.firstRow;
    if (isKnown(event) && this.mapped?.has(event) !== true) this.health.misfits++;
    this.health.countUnknown(event);
    // A decoder that refused a record may have written part of it.
    if ((event & X.CLASS_MASK) === X.MEM_CLASS) this.batch.clearRow(inBatch);
    kind[row] = KIND.unknown;
    arg0[2 * row] = event;
    const count = X.extraWords(header);
    if (count === 0) return ARG0;
    const payload = words.subarray(pos + X.recordWords(header) - count, pos + X.recordWords(header));
    this.batch.addRaw(inBatch, new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength));
    return ARG0 | RAW;
  }

  /** Gives the kernel the index of the name that it lacks. */
  private addName(exit: number): void {
    const { tables, names } = this;
    if (exit === EXIT.newView) tables.addView(names.view.of(viewName(this.state[RUN.missing])));
    else if (exit === EXIT.newLock) tables.addLock(names.lock.of(tables.missingAddress(), 0));
    else this.addCaller(tables.missingAddress());
  }

  private addCaller(address: Uint32Array): void {
    const index = this.names.caller.of(address, 0);
    this.tables.addCaller(index, index < 0 ? -1 : this.symbolOf(address));
  }

  /** Index of a call site's name, -1 if it has none. */
  private symbolOf([low, high]: Uint32Array): number {
    const name = this.symbols?.nameOf((BigInt(high) << 32n) | BigInt(low));
    return name === undefined ? -1 : this.names.symbol.of(name);
  }
}

/** True for an id that has a decoder: its record was refused for its size or contents. */
function isKnown(event: number): boolean {
  return (event & X.CLASS_MASK) === X.MEM_CLASS ? MEM_WORDS[event & 0xfff] !== NO_RECORD : hasOtherKind(event);
}
