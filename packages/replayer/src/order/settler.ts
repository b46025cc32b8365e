import { getU53, KIND } from '@p2mtrace/trace-format';
import type { Handler } from '../batch/handlers.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import type { PageState } from '../state/page-state.js';
import type { ReplayContext } from '../state/replay-context.js';
import { MAX_UNEXPLAINED } from '../state/settled-order.js';
import type { TypeState } from '../state/type-state.js';
import type { Chain, ChainEvent } from './chain-event.js';
import { countChain } from './count-chain.js';
import { findOrder } from './find-order.js';
import { gatherEvents } from './gather-events.js';
import type { RowReader } from './row-reader.js';
import { typeChain } from './type-chain.js';

/** By kind: its part in the chains of a frame; 0 for none. */
export const IN_CHAIN = new Uint8Array(256);
/** Its count_info or type_info follows from the one before it. */
const COUNTS = 1;
const TYPES = 2;
/** It does not depend on what comes before it. */
const BEGINS = 3;
for (const kind of [KIND.get_page, KIND.get_page_failed, KIND.put_page, KIND.alloc_ref_drop]) IN_CHAIN[kind] = COUNTS;
for (const kind of [KIND.get_type, KIND.put_type]) IN_CHAIN[kind] = TYPES;
for (const kind of [KIND.owner_set, KIND.page_alloc, KIND.page_free]) IN_CHAIN[kind] = BEGINS;

/**
 * Settles the order of events of a frame whose counts contradict the order in which they were recorded (docs/order.md).
 * It costs time only where they do.
 */
export class Settler {
  private readonly context: ReplayContext;
  private readonly rows: RowReader;
  private readonly pages: PageState;
  private readonly types: TypeState;
  private readonly chains: readonly (Chain | undefined)[];
  /** Applies an event at once. */
  private readonly apply: Handler;

  constructor(context: ReplayContext, rows: RowReader, pages: PageState, types: TypeState, apply: Handler) {
    this.context = context;
    this.rows = rows;
    this.pages = pages;
    this.types = types;
    this.chains = [undefined, countChain(pages), typeChain(types)];
    this.apply = apply;
  }

  /** False if the event needs no applying any more; applies others that must come before it. */
  isNext(batch: ReplayBatch, row: number, kind: number): boolean {
    const part = IN_CHAIN[kind];
    if (this.context.order.isRecorded && this.fits(batch, row, part)) return true;
    return this.isNextOfOther(batch, row, part);
  }

  /** The same where the order is, or may have to be, another than the recorded one. */
  private isNextOfOther(batch: ReplayBatch, row: number, part: number): boolean {
    const { order } = this.context;
    const seq = batch.firstSeq + row;
    if (order.wasApplied(seq)) {
      order.pass(seq);
      return false;
    }
    if (order.isExplained(seq)) {
      this.applyExplained(batch, row, seq);
      return false;
    }
    const planned = order.takePlannedBefore(seq);
    if (planned.length > 0) {
      if (this.applyAllFirst(planned, seq)) return true;
      order.dropPlans();
    }
    if (this.fits(batch, row, part)) return true;
    const chain = this.chains[part];
    if (chain === undefined || !this.context.judgesOrder || order.unexplained >= MAX_UNEXPLAINED) return true;
    this.settle(seq, getU53(batch.columns.mfn, row), chain);
    if (!order.isExplained(seq)) return true;
    this.applyExplained(batch, row, seq);
    return false;
  }

  private fits(batch: ReplayBatch, row: number, part: number): boolean {
    if (part === COUNTS) return this.pages.fits(batch, row);
    return part === BEGINS || this.types.fits(batch, row);
  }

  private settle(seq: number, mfn: number, chain: Chain): void {
    const { order, slack } = this.context;
    const events = gatherEvents(this.rows, seq, mfn, chain, slack);
    if (events !== undefined && events.length > 1) {
      const isOpen = (event: ChainEvent) => event.seq >= seq && !order.wasApplied(event.seq);
      const open = events.filter(isOpen);
      const now = chain.isType ? this.types.typeOf(mfn) : this.pages.countOf(mfn);
      const found = findOrder(open, now, chain, slack);
      if (found !== undefined && this.applyFirst(found, seq)) return;
      // Events already applied may have been out of order: then the end is what it would have been.
      const [first] = events;
      const whole = findOrder(events, isOpen(first) ? now : chain.before(first), chain, slack);
      if (whole !== undefined) {
        this.explain(whole, open, chain);
        return;
      }
    }
    order.unexplained++;
  }

  /** Applies what comes before the event, and plans what comes after it; false if that is impossible. */
  private applyFirst(found: readonly ChainEvent[], seq: number): boolean {
    const seqs = found.map(event => event.seq);
    const at = seqs.indexOf(seq);
    if (!this.applyAllFirst(seqs.slice(0, at), seq)) return false;
    // A later one may follow from the count although others come first, which would not follow from it then.
    this.context.order.plan(seqs.slice(at));
    return true;
  }

  /** Applies these before the event, each the next one of its pcpu; false if that is impossible. */
  private applyAllFirst(before: readonly number[], seq: number): boolean {
    const { order } = this.context;
    if (before.some(other => this.isBehindOthers(other, seq))) return false;
    for (const other of before) {
      order.applyAhead(other);
      order.reordered++;
      const { batch, row } = this.rows.at(other);
      this.apply(batch, row);
    }
    return true;
  }

  /** True if its pcpu has other records to come before it. */
  private isBehindOthers(seq: number, from: number): boolean {
    const { order } = this.context;
    const { batch: own, row: ownRow } = this.rows.at(seq);
    const pcpu = own.columns.pcpu[ownRow];
    for (let other = seq - 1; other >= from; other--) {
      const { batch, row } = this.rows.at(other);
      if (batch.columns.pcpu[row] === pcpu && !order.wasApplied(other)) return true;
    }
    return false;
  }

  /** The events are applied in recorded order; after the last, the count is the one that the found order gives. */
  private explain(found: readonly ChainEvent[], open: readonly ChainEvent[], chain: Chain): void {
    const { order } = this.context;
    for (const { seq } of open) order.explain(seq);
    order.reordered += open.length;
    const end = found.reduce((words, event) => chain.after(words, event) ?? words, chain.before(found[0]));
    if (end !== null) order.endWith(open[open.length - 1].seq, chain.isType, end.low, end.high);
  }

  private applyExplained(batch: ReplayBatch, row: number, seq: number): void {
    const { order } = this.context;
    order.pass(seq);
    order.explaining = true;
    this.apply(batch, row);
    order.explaining = false;
    const end = order.takeEnd(seq);
    if (end === undefined) return;
    const mfn = getU53(batch.columns.mfn, row);
    if (end.isType) this.types.setType(mfn, end.low, end.high);
    else this.pages.setCount(mfn, end.low, end.high);
  }
}
