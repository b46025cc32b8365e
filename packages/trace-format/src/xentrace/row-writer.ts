import { PRESENT } from '../columns.js';
import type { EventBatch } from '../event-batch.js';
import { KIND } from '../kinds.js';
import { getU64 } from '../u64.js';
import type { BatchSink } from '../writer.js';
import type { P2mNumbering } from '../xen-enums.js';
import type { PcpuCursor } from './cursor.js';
import { type DecodeContext, decodeContext, TraceNames } from './decode-context.js';
import { decodeExtension } from './decode-extension.js';
import { decodeStock } from './decode-stock.js';
import { HealthCounter } from './health.js';
import * as X from './records.js';
import type { SymbolTable } from './symbols.js';

const { tsc: TSC, tsc_own: TSC_OWN, pcpu: PCPU, cur_domid: CUR_DOMID, cur_vcpu: CUR_VCPU } = PRESENT;
const { domid: DOMID, gfn: GFN, mfn: MFN, p2m_type: TYPE, arg0: ARG0, arg1: ARG1, raw: RAW } = PRESENT;
const { caller: CALLER, symbol: SYMBOL } = PRESENT;

/** Ids outside TRC_MEM that have a kind of their own, but for the runstate changes, which are many. */
const OTHER_KINDS = new Set<number>([
  X.TRC_SCHED_CONTINUE_RUNNING,
  X.TRC_DOM0_DOM_ADD,
  X.TRC_DOM0_DOM_REM,
  X.TRC_HVM_NPF,
  X.TRC_LOST_RECORDS,
]);
const hasKind = (event: number): boolean =>
  OTHER_KINDS.has(event) || (event & X.RUNSTATE_MASK) === X.TRC_SCHED_RUNSTATE_CHANGE;

/** Turns records into rows of batches, in the order in which they are handed to it. */
export class RowWriter {
  readonly health = new HealthCounter();
  private readonly sink: BatchSink;
  private readonly names = new TraceNames();
  private readonly context: DecodeContext;
  private readonly symbols: SymbolTable | undefined;
  /** Symbol of each caller by the caller's index; -1 for none. */
  private readonly symbolOfCaller: number[] = [];
  private batch: EventBatch;

  constructor(sink: BatchSink, numbering: P2mNumbering, oldPayloads: boolean, symbols: SymbolTable | undefined) {
    this.sink = sink;
    this.symbols = symbols;
    this.batch = sink.acquire();
    this.context = decodeContext(numbering, this.names, this.batch.columns);
    this.context.oldPayloads = oldPayloads;
  }

  /**
   * Writes records of the cursor until the next one carries a TSC that is not before the limit (or equal to it,
   * where the cursor loses ties), or its window ends. Records without a TSC follow their predecessor (X§1.4).
   * Returns the number of records.
   */
  run(cursor: PcpuCursor, untilHigh: number, untilLow: number, winsTies: boolean): number {
    const { health, context, symbols } = this;
    const { mem } = health;
    const { pcpu, words, end } = cursor;
    // `>>> 0` keeps the words in integer registers: fields hold them as doubles.
    const limitHigh = untilHigh >>> 0;
    const limitLow = untilLow >>> 0;
    let tscLow = cursor.tscLow >>> 0;
    let tscHigh = cursor.tscHigh >>> 0;
    let ownLow = cursor.ownLow >>> 0;
    let ownHigh = cursor.ownHigh >>> 0;
    let { pos, own, current } = cursor;
    let withoutTsc = 0;
    let batch = this.batch;
    let row = batch.rows;
    let c = batch.columns;
    let records = 0;
    let first = true;
    while (pos < end) {
      const header = words[pos];
      const payload = pos + 1 + ((header >>> 31) << 1);
      const count = (header >>> 28) & 7;
      const next = payload + count;
      if (next > end) break;
      own = header >= X.HEADER_TSC_BIT;
      if (own) {
        const low = words[pos + 1];
        const high = words[pos + 2];
        if (!first) {
          if (high < ownHigh || (high === ownHigh && low < ownLow)) cursor.backwards++;
          tscLow = ownLow = low;
          tscHigh = ownHigh = high;
          if (high > limitHigh || (high === limitHigh && (low > limitLow || (low === limitLow && !winsTies)))) break;
        }
      } else {
        withoutTsc++;
      }
      first = false;

      records++;
      const event = header & X.EVENT_MASK;
      let present = 0;
      if (event >>> 12 === X.TRC_MEM) {
        const minor = event & 0xfff;
        mem[minor]++;
        if (X.MEM_WORDS[minor] === count) {
          present =
            minor >= 0x800
              ? decodeExtension(context, row, minor, words, payload)
              : decodeStock(context, row, minor, words, payload);
          if (present === 0) health.misfits++;
        } else if (X.MEM_WORDS[minor] !== 255) health.misfits++;
      } else {
        health.countOther(event);
        if (event === X.TRC_TRACE_WRAP_BUFFER) {
          pos = next;
          continue;
        }
        cursor.tscLow = tscLow;
        cursor.tscHigh = tscHigh;
        present = this.decodeOther(cursor, row, event, words, payload, count);
        current = cursor.current;
        if (present === 0 && hasKind(event)) health.misfits++;
      }
      if (present === 0) present = this.keepUnknown(row, event, words, payload, count, event >>> 12 === X.TRC_MEM);
      if (symbols !== undefined && (present & CALLER) !== 0) present |= this.nameCaller(row);

      c.pcpu[row] = pcpu;
      if ((tscLow | tscHigh) !== 0) {
        c.tsc[2 * row] = tscLow;
        c.tsc[2 * row + 1] = tscHigh;
        present |= TSC;
      }
      if (own) present |= TSC_OWN;
      if (current >= 0) {
        c.cur_domid[row] = current >>> 16;
        c.cur_vcpu[row] = current;
        present |= CUR_DOMID | CUR_VCPU;
      }
      batch.present[row] = present | PCPU;
      if (++row === batch.capacity) {
        this.flush(row);
        batch = this.batch;
        c = batch.columns;
        row = 0;
      }
      pos = next;
    }
    batch.rows = row;
    cursor.pos = pos;
    cursor.tscLow = tscLow;
    cursor.tscHigh = tscHigh;
    cursor.ownLow = ownLow;
    cursor.ownHigh = ownHigh;
    cursor.own = own;
    health.withoutTsc += withoutTsc;
    cursor.records += records;
    return records;
  }

  /** Hands the last rows on. */
  flush(rows = this.batch.rows): void {
    this.batch.rows = rows;
    this.sink.submit(this.batch, this.names.takeNew());
    this.batch = this.sink.acquire();
    this.context.columns = this.batch.columns;
  }

  /** Records of other classes that say who runs where, what was lost, and nested page faults (X§1.3, X§1.7). */
  private decodeOther(
    cursor: PcpuCursor,
    row: number,
    event: number,
    words: Uint32Array,
    at: number,
    count: number,
  ): number {
    const c = this.context.columns;
    if ((event & X.RUNSTATE_MASK) === X.TRC_SCHED_RUNSTATE_CHANGE && count === 1) {
      const [oldState, newState] = [(event >>> 8) & 3, (event >>> 4) & 3];
      const vcpu = (((words[at] >>> 16) << 16) | (words[at] & 0xffff)) >>> 0;
      if (newState === 0) cursor.current = vcpu;
      else if (oldState === 0 && cursor.current === vcpu) cursor.current = -1;
      c.kind[row] = KIND.sched_switch;
      c.domid[row] = words[at] >>> 16;
      c.arg0[2 * row] = words[at] & 0xffff;
      c.arg1[2 * row] = (oldState << 4) | newState;
      return DOMID | ARG0 | ARG1;
    }
    switch (event) {
      case X.TRC_SCHED_CONTINUE_RUNNING:
        if (count !== 1) return 0;
        cursor.current = (((words[at] >>> 16) << 16) | (words[at] & 0xffff)) >>> 0;
        c.kind[row] = KIND.sched_switch;
        c.domid[row] = words[at] >>> 16;
        c.arg0[2 * row] = words[at] & 0xffff;
        c.arg1[2 * row] = 0;
        return DOMID | ARG0 | ARG1;
      case X.TRC_DOM0_DOM_ADD:
      case X.TRC_DOM0_DOM_REM:
        if (count !== 1 || words[at] > 0xffff) return 0;
        c.kind[row] = event === X.TRC_DOM0_DOM_ADD ? KIND.domain_create : KIND.domain_destroy;
        c.domid[row] = words[at];
        return DOMID;
      case X.TRC_HVM_NPF:
        return count === 6 ? this.decodeNpf(row, words, at) : 0;
      case X.TRC_LOST_RECORDS:
        if (count !== 4) return 0;
        return this.decodeLost(cursor, row, words, at);
      default:
        return 0;
    }
  }

  private decodeNpf(row: number, words: Uint32Array, at: number): number {
    const c = this.context.columns;
    const type = this.context.types[words[at + 5] & 0xff];
    if (type === 255 || words[at + 5] > 255) return 0;
    c.kind[row] = KIND.npf;
    // The record has a byte address (X§0.10).
    c.gfn[2 * row] = (words[at] >>> 12) | (words[at + 1] << 20);
    c.gfn[2 * row + 1] = words[at + 1] >>> 12;
    c.p2m_type[row] = type;
    c.arg0[2 * row] = words[at];
    c.arg0[2 * row + 1] = words[at + 1];
    c.arg1[2 * row] = words[at + 4];
    const invalid = words[at + 2] === 0xffff_ffff && words[at + 3] === 0xffff_ffff;
    if (!invalid) {
      c.mfn[2 * row] = words[at + 2];
      c.mfn[2 * row + 1] = words[at + 3];
    }
    return GFN | TYPE | ARG0 | ARG1 | (invalid ? 0 : MFN);
  }

  private decodeLost(cursor: PcpuCursor, row: number, words: Uint32Array, at: number): number {
    const c = this.context.columns;
    c.kind[row] = KIND.lost;
    c.arg0[2 * row] = words[at];
    c.arg1[2 * row] = words[at + 2];
    c.arg1[2 * row + 1] = words[at + 3];
    // Whoever ran when the record was written runs now.
    cursor.current = (((words[at + 1] & 0xffff) << 16) | (words[at + 1] >>> 16)) >>> 0;
    this.health.lost.push({
      pcpu: cursor.pcpu,
      count: words[at],
      firstTsc: getU64(c.arg1, row).toString(),
      tsc: cursor.tsc.toString(),
    });
    return ARG0 | ARG1;
  }

  /** A record that no table lists, or whose contents fit no column, is kept as it is. */
  private keepUnknown(
    row: number,
    event: number,
    words: Uint32Array,
    at: number,
    count: number,
    maybeRefused: boolean,
  ): number {
    const c = this.context.columns;
    this.health.countUnknown(event);
    // A decoder that refused a record may have written some of it.
    if (maybeRefused) this.batch.clearRow(row);
    c.kind[row] = KIND.unknown;
    c.arg0[2 * row] = event;
    if (count === 0) return ARG0;
    const bytes = new Uint8Array(words.buffer, words.byteOffset + at * 4, count * 4);
    this.batch.addRaw(row, bytes);
    return ARG0 | RAW;
  }

  private nameCaller(row: number): number {
    const { caller, symbol } = this.context.columns;
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
