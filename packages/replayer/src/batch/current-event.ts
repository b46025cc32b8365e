import { isValid } from '@p2mtrace/trace-format';
import { SYMBOL_SITES } from './call-site.js';
import type { ReplayBatch } from './replay-batch.js';

/** The event being replayed, for everything that records it. */
export class CurrentEvent {
  seq = 0;
  /** -1 if the event has no pcpu. */
  pcpu = -1;
  /** The event's own call site (call-site.ts), -1 for none. */
  caller = -1;
  /** Column `tsc` of the batch, pairs of u32, and the event's row in it. */
  tsc: Uint32Array = new Uint32Array(2);
  row = 0;
  private pcpus: ReplayBatch['columns']['pcpu'] = new Uint16Array(0);
  private hasPcpu: Uint8Array = new Uint8Array(0);
  private callers: ReplayBatch['columns']['caller'] = new Uint32Array(0);
  private hasCaller: Uint8Array = new Uint8Array(0);
  private symbols: ReplayBatch['columns']['symbol'] = new Uint32Array(0);
  private hasSymbol: Uint8Array = new Uint8Array(0);

  /** The events from now on are in this batch. */
  begin({ columns, validity }: ReplayBatch): void {
    if (columns.tsc !== undefined) this.tsc = columns.tsc;
    this.pcpus = columns.pcpu;
    this.hasPcpu = validity.pcpu;
    this.callers = columns.caller;
    this.hasCaller = validity.caller;
    this.symbols = columns.symbol;
    this.hasSymbol = validity.symbol;
  }

  /** The current event is in this row. */
  at(row: number): void {
    this.row = row;
    this.pcpu = isValid(this.hasPcpu, row) ? this.pcpus[row] : -1;
    if (isValid(this.hasCaller, row)) this.caller = this.callers[row];
    else this.caller = isValid(this.hasSymbol, row) ? SYMBOL_SITES + this.symbols[row] : -1;
  }

  /** The event's TSC, or that of the last event looked at; 0 for none. */
  get time(): number {
    return this.tsc[2 * this.row + 1] * 2 ** 32 + this.tsc[2 * this.row];
  }

  /** Writes the event's TSC into two elements of a fact's record. */
  stamp(records: Float64Array, at: number): void {
    records[at] = this.tsc[2 * this.row];
    records[at + 1] = this.tsc[2 * this.row + 1];
  }
}
