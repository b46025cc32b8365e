import { PRESENT } from '../columns.js';
import type { ColumnArrays, EventBatch } from '../event-batch.js';
import { KIND } from '../kinds.js';
import { TraceNames } from '../trace-names.js';
import type { BatchSink } from '../writer.js';
import type { P2mNumbering } from '../xen-enums.js';
import type { PcpuCursor } from './cursor.js';
import { type Decoder, decodeContext } from './decode-context.js';
import { hasOtherKind, NO_ROW, OtherDecoder } from './decode-other.js';
import { HealthCounter } from './health.js';
import { memDecoders } from './mem-decoders.js';
import * as X from './records.js';
import type { SymbolTable } from './symbols.js';

const { tsc: TSC, tsc_own: TSC_OWN, pcpu: PCPU, cur_domid: CUR_DOMID, cur_vcpu: CUR_VCPU } = PRESENT;
const { arg0: ARG0, raw: RAW, caller: CALLER, symbol: SYMBOL } = PRESENT;
/** As constants of this module, for the loop over all records. */
const { CLASS_MASK, MEM_CLASS } = X;

/** Turns records into rows of batches, in the order in which they are handed to it. */
export class RowWriter {
  readonly health = new HealthCounter();
  private readonly sink: BatchSink;
  /** Of all batches of the sink. */
  private readonly columns: ColumnArrays;
  private readonly presence: Uint32Array;
  private readonly names = new TraceNames();
  private readonly decoders: readonly Decoder[];
  private readonly others: OtherDecoder;
  private readonly symbols: SymbolTable | undefined;
  /** Symbol of each caller by the caller's index; -1 for none. */
  private readonly symbolOfCaller: number[] = [];
  private batch: EventBatch;

  constructor(sink: BatchSink, numbering: P2mNumbering, oldPayloads: boolean, symbols: SymbolTable | undefined) {
    this.sink = sink;
    this.symbols = symbols;
    this.batch = sink.acquire();
    this.columns = sink.block.columns;
    this.presence = sink.block.present;
    const context = decodeContext(this.columns, this.names, numbering, oldPayloads);
    this.decoders = memDecoders(context);
    this.others = new OtherDecoder(context, this.health);
  }

  /**
   * Writes the cursor's record, and those behind it until one carries a TSC that is not before the limit (or equal to
   * it, where the cursor loses ties), or its window ends. Records without a TSC follow their predecessor (X§1.4).
   * Returns the number of records.
   */
  run(cursor: PcpuCursor, limit: Uint32Array, winsTies: boolean): number {
    const { health, decoders, symbols, presence } = this;
    const { mem } = health;
    const { tsc: tscs, pcpu: pcpus, cur_domid, cur_vcpu } = this.columns;
    const { pcpu, words, end } = cursor;
    const [limitLow, limitHigh] = [limit[0], limit[1]];
    let [tscLow, tscHigh] = [cursor.tsc[0], cursor.tsc[1]];
    let [lastLow, lastHigh] = [cursor.lastTsc[0], cursor.lastTsc[1]];
    let { pos, own, current } = cursor;
    let row = this.batch.firstRow + this.batch.rows;
    let batchEnd = this.batch.firstRow + this.batch.capacity;
    let records = 0;
    let withoutTsc = 0;
    for (;;) {
      const header = words[pos];
      const at = pos + 1 + ((header >>> 31) << 1);
      records++;
      if (!own) withoutTsc++;
      let present = 0;
      if ((header & CLASS_MASK) === MEM_CLASS) {
        const index = X.memIndex(header);
        mem[index]++;
        const decode = decoders[index];
        present = decode(row, words, at);
      } else {
        cursor.tsc[0] = tscLow;
        cursor.tsc[1] = tscHigh;
        present = this.others.decode(cursor, row, words, pos);
        current = cursor.current;
      }
      if (present === 0) present = this.keepUnknown(row, words, pos);
      if (symbols !== undefined && (present & CALLER) !== 0) present |= this.nameCaller(row);

      if (present !== NO_ROW) {
        pcpus[row] = pcpu;
        if ((tscLow | tscHigh) !== 0) {
          tscs[2 * row] = tscLow;
          tscs[2 * row + 1] = tscHigh;
          present |= TSC;
        }
        if (own) present |= TSC_OWN;
        if (current >= 0) {
          cur_domid[row] = current >>> 16;
          cur_vcpu[row] = current;
          present |= CUR_DOMID | CUR_VCPU;
        }
        presence[row] = present | PCPU;
        if (++row === batchEnd) {
          this.flush(row);
          row = this.batch.firstRow;
          batchEnd = row + this.batch.capacity;
        }
      }

      pos = at + ((header >>> 28) & 7);
      if (pos >= end || pos + X.recordWords(words[pos]) > end) break;
      own = words[pos] >>> 31 === 1;
      if (own) {
        tscLow = words[pos + 1];
        tscHigh = words[pos + 2];
        if (tscHigh < lastHigh || (tscHigh === lastHigh && tscLow < lastLow)) cursor.backwards++;
        lastLow = tscLow;
        lastHigh = tscHigh;
        if (tscHigh > limitHigh) break;
        if (tscHigh === limitHigh && (tscLow > limitLow || (tscLow === limitLow && !winsTies))) break;
      }
    }
    cursor.tsc[0] = tscLow;
    cursor.tsc[1] = tscHigh;
    cursor.lastTsc[0] = lastLow;
    cursor.lastTsc[1] = lastHigh;
    this.batch.rows = row - this.batch.firstRow;
    cursor.pos = pos;
    cursor.own = own;
    cursor.records += records;
    health.withoutTsc += withoutTsc;
    return records;
  }

  /** Hands the last rows on; `end` is the row behind them. */
  flush(end = this.batch.firstRow + this.batch.rows): void {
    this.batch.rows = end - this.batch.firstRow;
    this.sink.submit(this.batch, this.names.takeNew());
    this.batch = this.sink.acquire();
  }

  /** A record that no table lists, or whose contents fit no column, is kept as it is. */
  private keepUnknown(row: number, words: Uint32Array, pos: number): number {
    const { kind, arg0 } = this.columns;
    const header = words[pos];
    const event = header & X.EVENT_MASK;
    const inBatch = row - this.batch.firstRow;
    if (isKnown(event)) this.health.misfits++;
    this.health.countUnknown(event);
    // A decoder that refused a record may have written some of it.
    if (event >>> 12 === X.TRC_MEM) this.batch.clearRow(inBatch);
    kind[row] = KIND.unknown;
    arg0[2 * row] = event;
    const count = X.extraWords(header);
    if (count === 0) return ARG0;
    const payload = words.subarray(pos + X.recordWords(header) - count, pos + X.recordWords(header));
    this.batch.addRaw(inBatch, new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength));
    return ARG0 | RAW;
  }

  private nameCaller(row: number): number {
    const { caller, symbol } = this.columns;
    let index = this.symbolOfCaller[caller[row]];
    if (index === undefined) {
      const name = this.symbols?.nameOf(this.names.caller.at(caller[row]));
      index = name === undefined ? -1 : this.names.symbol.of(name);
      this.symbolOfCaller[caller[row]] = index;
    }
    if (index < 0) return 0;
    symbol[row] = index;
    return SYMBOL;
  }
}

/** True for an id that some decoder is for: its record was refused for its size or contents. */
function isKnown(event: number): boolean {
  return event >>> 12 === X.TRC_MEM ? X.MEM_WORDS[event & 0xfff] !== 255 : hasOtherKind(event);
}
