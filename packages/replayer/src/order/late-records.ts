import { getU53, isValid, type ReadBatch } from '@p2mtrace/trace-format';
import type { ORDER_COLUMNS, OrderRows } from './order-rows.js';

/** Records behind an event among which the next one of each pcpu is looked for. */
const REACH = 1 << 16;

export type OrderBatch = ReadBatch<(typeof ORDER_COLUMNS)[number]>;

/**
 * Records that are behind an event in the trace and may have happened before it: those of each other pcpu up to its first that
 * its TSC shows to be later, as what a pcpu records next happened since it recorded the last.
 */
export class LateRecords {
  private readonly rows: OrderRows;
  private readonly slack: number;
  /** By pcpu: seqs of its records from the last event that was asked about up to `scanned`, and how many of these are over. */
  private readonly ahead = new Map<number, { seqs: number[]; over: number }>();
  private asked = -1;
  private scanned = 0;

  /** `slack`: ticks by which TSCs may be wrong. */
  constructor(rows: OrderRows, slack: number) {
    this.rows = rows;
    this.slack = slack;
  }

  /**
   * Visits these records until one is what is looked for; true if there is one. Those of a pcpu whose clock is in doubt are all
   * of them. Questions about one event after the other cost one pass over the trace, however far its pcpus are apart.
   * @throws P2mError P2M_DAMAGED
   */
  some(
    seq: number,
    isDoubtful: (pcpu: number) => boolean,
    isWanted: (batch: OrderBatch, row: number) => boolean,
  ): boolean {
    const { rows } = this;
    const { batch: own, row: ownRow } = rows.at(seq);
    if (!isValid(own.validity.tsc, ownRow) || !isValid(own.validity.pcpu, ownRow)) return false;
    const from = getU53(own.columns.tsc, ownRow) + this.slack;
    const ownPcpu = own.columns.pcpu[ownRow];
    const isOwnDoubtful = isDoubtful(ownPcpu);
    const passes = (batch: OrderBatch, row: number, pcpu: number) =>
      !isOwnDoubtful && getU53(batch.columns.tsc, row) >= from && !isDoubtful(pcpu);
    this.moveTo(seq);

    const passed = new Set([ownPcpu]);
    for (const [pcpu, { seqs, over }] of this.ahead) {
      if (pcpu === ownPcpu) continue;
      for (let n = over; n < seqs.length && !passed.has(pcpu); n++) {
        const { batch, row } = rows.at(seqs[n]);
        if (isWanted(batch, row)) return true;
        if (passes(batch, row, pcpu)) passed.add(pcpu);
      }
    }
    const end = Math.min(rows.end, seq + REACH);
    while (this.scanned < end && passed.size < rows.pcpus) {
      const { batch, row: first } = rows.at(this.scanned);
      for (let row = first; row < batch.rows && this.scanned < end; row++) {
        const pcpu = this.keep(batch, row, this.scanned++);
        if (pcpu < 0 || passed.has(pcpu)) continue;
        if (isWanted(batch, row)) return true;
        if (passes(batch, row, pcpu)) passed.add(pcpu);
      }
    }
    return false;
  }

  /** Forgets what is not behind this event. */
  private moveTo(seq: number): void {
    if (seq < this.asked || seq >= this.scanned) {
      this.ahead.clear();
      this.scanned = seq + 1;
    }
    this.asked = seq;
    for (const one of this.ahead.values()) {
      while (one.over < one.seqs.length && one.seqs[one.over] <= seq) one.over++;
      if (one.over < REACH) continue;
      one.seqs = one.seqs.slice(one.over);
      one.over = 0;
    }
  }

  /** Notes a record of a pcpu, and returns the pcpu; -1 for a record that has none, or no time. */
  private keep({ columns, validity }: OrderBatch, row: number, seq: number): number {
    if (!isValid(validity.pcpu, row) || !isValid(validity.tsc, row)) return -1;
    const pcpu = columns.pcpu[row];
    const one = this.ahead.get(pcpu);
    if (one === undefined) this.ahead.set(pcpu, { seqs: [seq], over: 0 });
    else one.seqs.push(seq);
    return pcpu;
  }
}
