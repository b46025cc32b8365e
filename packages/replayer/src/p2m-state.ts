import { FLAG, getU53, isValid, P2M_TYPES } from '@p2mtrace/trace-format';
import { MAX_FRAME } from './frame-table.js';
import type { LockState } from './lock-state.js';
import { NO_ACCESS, NO_MFN, P2mTable } from './p2m-table.js';
import type { ReplayBatch } from './replay-batch.js';
import type { ReplayContext } from './replay-context.js';
import { ReverseMap } from './reverse-map.js';
import type { StateImage } from './state-image.js';

/** Values of `m2p` that are no gfn. */
export const INVALID_M2P = -1;
export const SHARED_M2P = -2;

const LOGDIRTY_TYPES = new Set(
  ['ram_rw', 'ram_logdirty', 'ioreq_server'].map(name => P2M_TYPES.indexOf(name as never)),
);
/** Larger entries than this are damage, not events (1 TiB). */
const MAX_ENTRY_ORDER = 28;

/** The p2ms of all domains and views, M2P, and who maps what. */
export class P2mState {
  readonly p2ms: P2mTable[] = [];
  readonly reverse = new ReverseMap();
  /** machine_to_phys_mapping as recorded: mfn → gfn, INVALID_M2P or SHARED_M2P (X§3.4); unknown where absent. */
  readonly m2p = new Map<number, number>();
  /** By domid: seq of the last lookup or set_entry, NaN for none. */
  lastP2mSeq = new Float64Array(0x1_0000).fill(Number.NaN);
  private readonly context: ReplayContext;
  private readonly locks: LockState;
  private readonly p2mIndex = new Map<number, number>();
  private lastP2mKey = -1;
  private lastP2m = 0;

  constructor(context: ReplayContext, locks: LockState) {
    this.context = context;
    this.locks = locks;
  }

  /** Number of the p2m of a domain's view; the host's where no view was recorded (X§0.3). */
  p2mOf(domid: number, view: number): number {
    const key = domid * 0x1_0000 + view;
    if (key === this.lastP2mKey) return this.lastP2m;
    let index = this.p2mIndex.get(key);
    if (index === undefined) {
      index = this.p2ms.length;
      this.p2mIndex.set(key, index);
      this.context.health.domain(domid, this.context.now.seq);
      this.p2ms.push(this.newP2m(index, domid, view));
    }
    this.lastP2mKey = key;
    this.lastP2m = index;
    return index;
  }

  private newP2m(index: number, domid: number, view: number): P2mTable {
    return new P2mTable(domid, view, (gfn, mfn, order, tag, parts) => {
      this.onSplit(index, gfn, mfn, order, tag, parts);
    });
  }

  /** A superpage falls apart: its parts map what it mapped. */
  private onSplit(p2m: number, gfn: number, mfn: number, order: number, tag: number, parts: Int32Array): void {
    if (mfn !== NO_MFN) {
      this.reverse.remove(mfn, order + 9, p2m, gfn);
      const step = 2 ** order;
      for (let i = 0; i < 512; i++) this.reverse.add(mfn + i * step, order, p2m, gfn + i * step);
    }
    if (tag !== 0) this.context.facts?.memory.splitMapping(tag, gfn, mfn, order, parts);
  }

  lookup(batch: ReplayBatch, row: number): void {
    const c = batch.columns;
    if (!isValid(batch.validity.gfn, row)) return;
    const gfn = getU53(c.gfn, row);
    const mfn = isValid(batch.validity.mfn, row) ? getU53(c.mfn, row) : NO_MFN;
    if (gfn >= MAX_FRAME || mfn >= MAX_FRAME) {
      this.context.outOfRange++;
      return;
    }
    const domid = c.domid[row];
    const p2m = this.p2mOf(domid, c.view[row]);
    this.lastP2mSeq[domid] = this.context.now.seq;
    const hasType = isValid(batch.validity.p2m_type, row);
    const type = hasType ? c.p2m_type[row] : -1;
    const table = this.p2ms[p2m];
    if (!table.find(gfn)) {
      // What a lookup shows was there before anybody looked.
      if (hasType) this.learn(p2m, gfn, mfn, 0, type, NO_ACCESS);
    } else {
      const expected = table.foundMfn(gfn);
      const sameType = !hasType || sameModuloLogdirty(table.foundType, type);
      if (expected !== mfn || !sameType) {
        this.context.diverge(batch, row, 1, expected, mfn, table.foundSeq);
        if (hasType) this.writeLeaf(p2m, gfn, mfn, 0, type, table.foundAccess, true);
      }
    }
    if (this.context.facts === undefined) return;
    const locked =
      (c.flags[row] & (FLAG.locked | FLAG.read_locked)) !== 0 || this.locks.holdsP2mLock(this.context.now.pcpu);
    this.context.facts.translations.lookup(domid, c.view[row], gfn, mfn, type, this.context.facts.site(), locked);
  }

  setEntry(batch: ReplayBatch, row: number): void {
    const c = batch.columns;
    const flags = c.flags[row];
    const domid = c.domid[row];
    this.lastP2mSeq[domid] = this.context.now.seq;
    // A write that is recorded before and after is one write (captures README); a failed one is none.
    if ((flags & FLAG.failed) !== 0 || ((flags & FLAG.attempt) !== 0 && this.context.hasResults)) return;
    const gfn = getU53(c.gfn, row);
    const mfn = isValid(batch.validity.mfn, row) ? getU53(c.mfn, row) : NO_MFN;
    const order = c.order[row];
    if (gfn >= MAX_FRAME || mfn >= MAX_FRAME || order > MAX_ENTRY_ORDER) {
      this.context.outOfRange++;
      return;
    }
    const access = isValid(batch.validity.access, row) ? c.access[row] : NO_ACCESS;
    const p2m = this.p2mOf(domid, c.view[row]);
    this.writeEntry(p2m, gfn, mfn, order, c.p2m_type[row], access, true);
  }

  /** Writes [gfn, gfn + 2^order) as leaves of 1G, 2M and 4K, whichever the order is a multiple of. */
  private writeEntry(
    p2m: number,
    gfn: number,
    mfn: number,
    order: number,
    type: number,
    access: number,
    known: boolean,
  ): void {
    const leaf = order >= 18 ? 18 : order >= 9 ? 9 : 0;
    const step = 2 ** leaf;
    const first = gfn - (gfn % step);
    const end = first + 2 ** order;
    for (let at = first; at < end; at += step) {
      this.writeLeaf(p2m, at, mfn === NO_MFN ? NO_MFN : mfn + (at - first), leaf, type, access, known);
    }
  }

  private writeLeaf(
    p2m: number,
    gfn: number,
    mfn: number,
    order: number,
    type: number,
    access: number,
    known: boolean,
  ): void {
    const table = this.p2ms[p2m];
    const { facts } = this.context;
    table.forEachOverlap(gfn, order, leafGfn => {
      // What is larger than the write falls apart first (setLeaf); then only this part of it goes.
      const larger = table.foundOrder > order;
      const oldMfn = larger ? table.foundMfn(gfn) : table.foundBase;
      const oldOrder = larger ? order : table.foundOrder;
      const tag = table.foundTag;
      if (larger) table.splitAt(gfn, order);
      if (oldMfn !== NO_MFN) {
        this.reverse.remove(oldMfn, oldOrder, p2m, larger ? gfn : leafGfn);
        if (facts !== undefined) this.invalidateLeaf(table.domid, larger ? gfn : leafGfn, oldMfn, oldOrder, gfn, mfn);
      }
      if (facts !== undefined && tag !== 0) {
        table.find(gfn);
        facts.memory.closeMapping(larger ? table.foundTag : tag);
      }
    });
    if (mfn !== NO_MFN) this.reverse.add(mfn, order, p2m, gfn);
    const tag = facts?.memory.openMapping(table.domid, table.view, gfn, mfn, order, type, access, known) ?? 0;
    table.setLeaf(gfn, mfn, order, type, access, known ? this.context.now.seq : Number.NaN, tag);
  }

  /** Translations of a leaf's frames end, but for those that the new leaf gives again. */
  private invalidateLeaf(domid: number, gfn: number, mfn: number, order: number, newGfn: number, newMfn: number): void {
    const same = newMfn !== NO_MFN && newMfn - newGfn === mfn - gfn;
    if (same) return;
    this.context.facts?.translations.entriesChanged(mfn, order, domid, gfn);
  }

  /** An entry that was there before the trace showed it. */
  private learn(p2m: number, gfn: number, mfn: number, order: number, type: number, access: number): void {
    this.writeEntry(p2m, gfn, mfn, order, type, access, false);
  }

  m2pSet(batch: ReplayBatch, row: number): void {
    const { columns: c, validity: v } = batch;
    const mfn = getU53(c.mfn, row);
    if (mfn >= MAX_FRAME) {
      this.context.outOfRange++;
      return;
    }
    const shared = (c.flags[row] & FLAG.shared) !== 0;
    this.m2p.set(mfn, shared ? SHARED_M2P : isValid(v.gfn, row) ? getU53(c.gfn, row) : INVALID_M2P);
  }

  /** The first entry that still maps the frame. */
  stillMapped(mfn: number) {
    if (!this.reverse.isMapped(mfn)) return undefined;
    const { p2m, gfn } = this.reverse.first(mfn);
    const table = this.p2ms[p2m];
    table.find(gfn);
    return { domid: table.domid, view: table.view, gfn, seq: table.foundSeq };
  }

  /** A snapshot of an entry: what was there already. */
  snapshot(batch: ReplayBatch, row: number): void {
    const { validity: v, columns: c } = batch;
    const mfn = isValid(v.mfn, row) ? getU53(c.mfn, row) : NO_MFN;
    const gfn = getU53(c.gfn, row);
    const order = c.order[row];
    if (gfn >= MAX_FRAME || mfn >= MAX_FRAME || order > MAX_ENTRY_ORDER) {
      this.context.outOfRange++;
      return;
    }
    const access = isValid(v.access, row) ? c.access[row] : NO_ACCESS;
    this.learn(this.p2mOf(c.domid[row], c.view[row]), gfn, mfn, order, c.p2m_type[row], access);
  }

  transfer(image: StateImage): void {
    image.map('p2mIndex', this.p2mIndex);
    const keys = [...this.p2mIndex.keys()];
    image.parts('p2ms', this.p2ms, i => this.newP2m(i, Math.floor(keys[i] / 0x1_0000), keys[i] % 0x1_0000));
    image.part('reverse', this.reverse);
    image.map('m2p', this.m2p);
    this.lastP2mSeq = image.array('lastP2mSeq', this.lastP2mSeq);
  }

  /** Loss: no entry is known any more. */
  forget(): void {
    for (const table of this.p2ms) table.reset();
    this.reverse.reset();
    this.m2p.clear();
  }
}

/** Log-dirty changes are lazy: a lookup may call ram_rw what is stored otherwise, and the other way round (X§3.3). */
function sameModuloLogdirty(a: number, b: number): boolean {
  return a === b || (LOGDIRTY_TYPES.has(a) && LOGDIRTY_TYPES.has(b));
}
