import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf, mfnOf } from '../../batch/row-values.js';
import { FrameRecords } from '../../memory/frame-records.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { domidOfKey, p2mKey } from '../../memory/keys.js';
import { alignDown, framesOf } from '../../memory/order.js';
import { MAX_ENTRY_ORDER, type P2mSet } from '../../state/p2m-set.js';
import type { P2mTable } from '../../tables/p2m-table.js';
import { tookPlace } from '../entry-writes.js';

/** Of a frame that an entry gave: the p2m, the gfn, and the write that took it away. */
const KEY = 0;
const GFN = 1;
const SEQ = 2;

/** What a frame's last entry was, and when it went. */
export interface Removal {
  /** p2mKey */
  readonly key: number;
  readonly gfn: number;
  readonly seq: number;
}

/** A write of a large entry over smaller ones, whose table is freed with it. */
export interface Collapse {
  readonly gfn: number;
  readonly seq: number;
  readonly pcpu: number;
}

/** Frames whose entry went and that nobody has flushed the TLBs of their p2m for yet. */
export class PendingRemovals {
  private readonly p2ms: P2mSet;
  private readonly frames = new FrameRecords(3);
  /** By p2mKey: seq of its last flush. */
  private readonly flushed = new Map<number, number>();
  private readonly collapsed = new Map<number, Collapse>();

  constructor(p2ms: P2mSet) {
    this.p2ms = p2ms;
  }

  /** set_entry, before it changes anything. */
  write(batch: ReplayBatch, row: number, seq: number, pcpu: number): void {
    const { columns: c } = batch;
    const order = c.order[row];
    const gfn = gfnOf(batch, row);
    if (gfn >= MAX_FRAME || order > MAX_ENTRY_ORDER || !tookPlace(batch, row)) return;
    const key = p2mKey(c.domid[row], c.view[row]);
    const table = this.p2ms.find(c.domid[row], c.view[row]);
    const start = alignDown(gfn, order);
    const newMfn = mfnOf(batch, row);
    // What is mapped again at the same place need not be flushed.
    if (newMfn >= 0) this.mappedAgain(key, start, newMfn, order);
    if (table === undefined) return;
    if (order === 0) {
      if (table.find(gfn)) this.removed(key, table, gfn, 1, newMfn - gfn, seq);
    } else {
      this.writeLarge(key, table, start, order, newMfn - start, seq, pcpu);
    }
  }

  /** Apart from `write`, as making a closure would cost each of the many writes of order 0. */
  private writeLarge(
    key: number,
    table: P2mTable,
    start: number,
    order: number,
    offset: number,
    seq: number,
    pcpu: number,
  ): void {
    table.forEachOverlap(start, order, leafGfn => {
      const first = Math.max(start, leafGfn);
      if (table.foundOrder < order && order >= 9) this.collapsed.set(key, { gfn: start, seq, pcpu });
      this.removed(key, table, first, framesOf(Math.min(order, table.foundOrder)), offset, seq);
    });
  }

  /** The leaf found gives these frames no longer, unless the new one has the same offset of mfn and gfn. */
  private removed(key: number, table: P2mTable, gfn: number, frames: number, offset: number, seq: number): void {
    const mfn = table.foundMfn(gfn);
    if (mfn < 0 || mfn - gfn === offset) return;
    for (let i = 0; i < frames; i++) {
      const at = this.frames.make(mfn + i);
      this.frames.data[at + KEY] = key;
      this.frames.data[at + GFN] = gfn + i;
      this.frames.data[at + SEQ] = seq;
    }
  }

  private mappedAgain(key: number, gfn: number, mfn: number, order: number): void {
    const { data, size } = this.frames;
    for (let i = 0; i < framesOf(order) && size > 0; i++) {
      const at = this.frames.find(mfn + i);
      if (at >= 0 && data[at + KEY] === key && data[at + GFN] === gfn + i) this.frames.remove(mfn + i);
    }
  }

  flush(key: number, seq: number): void {
    this.flushed.set(key, seq);
    this.collapsed.delete(key);
  }

  /** An entry of the frame was removed, and the frame has not been freed since. */
  wasRemoved(mfn: number): boolean {
    return this.frames.size > 0 && this.frames.find(mfn) >= 0;
  }

  /** That removal, where its p2m was not flushed since; undefined for none. */
  of(mfn: number): Removal | undefined {
    const at = this.frames.find(mfn);
    if (at < 0) return undefined;
    const { data } = this.frames;
    if (data[at + SEQ] < (this.flushed.get(data[at + KEY]) ?? -1)) return undefined;
    return { key: data[at + KEY], gfn: data[at + GFN], seq: data[at + SEQ] };
  }

  /** The last write of a large entry over smaller ones since the last flush of that p2m. */
  collapseOf(key: number): Collapse | undefined {
    return this.collapsed.get(key);
  }

  /** The allocator has the frame: what comes after is its care. */
  remove(mfn: number): void {
    this.frames.remove(mfn);
  }

  clear(): void {
    this.frames.clear();
    this.flushed.clear();
    this.collapsed.clear();
  }

  forgetDomain(domid: number): void {
    for (const key of this.collapsed.keys()) if (domidOfKey(key) === domid) this.collapsed.delete(key);
    this.frames.forEach((mfn, at) => {
      if (domidOfKey(this.frames.data[at + KEY]) === domid) this.frames.remove(mfn);
    });
  }
}
