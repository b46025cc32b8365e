import { P2M_TYPE } from '@p2mtrace/trace-format';
import type { Mapper } from '../facts/page-facts.js';
import { DOMIDS, domidOfKey, p2mKey, viewOfKey } from '../memory/keys.js';
import { alignDown, framesOf, offsetIn } from '../memory/order.js';
import type { StateImage } from '../memory/state-image.js';
import { NO_ACCESS, NO_MFN, P2mTable, shownAt } from '../tables/p2m-table.js';
import { ReverseMap } from '../tables/reverse-map.js';
import { MAX_TYPE_RANGES } from '../tables/type-ranges.js';
import { endRemaps, markStale } from './altp2m-marks.js';
import { isHole } from './holes.js';
import type { ReplayContext } from './replay-context.js';

const MAP_FOREIGN = P2M_TYPE.map_foreign;
/** Index of the host's view. */
export const HOST = 0;
/** Larger entries than this are damage, not events (1 TiB). */
export const MAX_ENTRY_ORDER = 28;

const LOGDIRTY_TYPES = new Set([P2M_TYPE.ram_rw, P2M_TYPE.ram_logdirty, P2M_TYPE.ioreq_server]);

/**
 * Log-dirty changes are lazy: an entry stored as ram_rw may be reported as ram_logdirty, and the other way round
 * (docs/xen.md#lazy-types).
 */
export function sameType(a: number, b: number): boolean {
  return a === b || (LOGDIRTY_TYPES.has(a) && LOGDIRTY_TYPES.has(b));
}

/** True for the same entry under two names: types that log-dirty turns into each other, and the names of holes. */
export function sameEntry(typeA: number, mfnA: number, typeB: number, mfnB: number): boolean {
  return mfnA === mfnB && (sameType(typeA, typeB) || (isHole(typeA, mfnA) && isHole(typeB, mfnB)));
}

/** Order of the leaves that a write of this order makes. */
const leafOrder = (order: number): number => (order >= 18 ? 18 : order >= 9 ? 9 : 0);

const NO_TABLES: readonly P2mTable[] = [];

/** The p2ms of all domains and views, how their entries are written, and which entries map each frame. */
export class P2mSet {
  readonly tables: P2mTable[] = [];
  readonly reverse = new ReverseMap();
  private readonly context: ReplayContext;
  private readonly index = new Map<number, number>();
  private lastP2mKey = -1;
  private lastP2m = 0;
  /** By domid: 1 if it has an altp2m view, so that writes to other host p2ms cost nothing extra. */
  private readonly viewed = new Uint8Array(DOMIDS);
  /**
   * By domid: 1 if a page was freed that its p2m mapped, and its p2m was not written since. That is how a teardown
   * looks: it ends by freeing the p2m's own tables (p2m_teardown), and lookups then find holes that nobody wrote.
   */
  tornDown = new Uint8Array(DOMIDS);
  /** Told of foreign mappings that are made and that end. */
  onForeign: (domid: number, gfn: number, mfn: number, isMapped: boolean) => void = () => {};

  constructor(context: ReplayContext) {
    this.context = context;
  }

  /** Number of the p2m of a domain's view; the host's if no view was recorded (docs/xen.md#attempts). */
  of(domid: number, view: number): number {
    const key = p2mKey(domid, view);
    if (key === this.lastP2mKey) return this.lastP2m;
    let index = this.index.get(key);
    if (index === undefined) {
      index = this.tables.length;
      this.index.set(key, index);
      this.context.health.domain(domid, this.context.now.seq);
      this.tables.push(this.newTable(index, domid, view));
      if (this.context.isAltp2m(view)) this.viewed[domid] = 1;
    }
    this.lastP2mKey = key;
    this.lastP2m = index;
    return index;
  }

  /** The p2m of a domain's view, undefined if no event was about it. */
  find(domid: number, view: number): P2mTable | undefined {
    const index = this.index.get(p2mKey(domid, view));
    return index === undefined ? undefined : this.tables[index];
  }

  private newTable(index: number, domid: number, view: number): P2mTable {
    return new P2mTable(domid, view, (gfn, mfn, order, tag, parts) => {
      this.onSplit(index, gfn, mfn, order, tag, parts);
    });
  }

  /** A superpage is split: its parts map what it mapped. */
  private onSplit(p2m: number, gfn: number, mfn: number, order: number, tag: number, parts: Int32Array): void {
    if (mfn !== NO_MFN) {
      this.reverse.remove(mfn, order + 9, p2m, gfn);
      const step = framesOf(order);
      for (let i = 0; i < 512; i++) this.reverse.add(mfn + i * step, order, p2m, gfn + i * step);
    }
    if (tag !== 0) this.context.facts?.mappings?.split(tag, gfn, mfn, order, parts);
  }

  /** False, and counted, for an impossible entry: no leaf maps frames that are not aligned to it. */
  inRange(gfn: number, mfn: number, order: number, maxOrder = MAX_ENTRY_ORDER): boolean {
    if (!this.context.inRange(gfn, mfn, order, maxOrder)) return false;
    if (order === 0 || mfn === NO_MFN || offsetIn(mfn, leafOrder(order)) === 0) return true;
    this.context.outOfRange++;
    return false;
  }

  /** Writes [gfn, gfn + 2^order), aligned down, as leaves of 1G, 2M or 4K, whichever fits the order. */
  write(p2m: number, gfn: number, mfn: number, order: number, type: number, access: number): void {
    const table = this.tables[p2m];
    if (table.remaps.size > 0) endRemaps(table, gfn, mfn, order);
    if (table.refused.size > 0) table.accept(gfn, order);
    this.writeLeaves(p2m, gfn, mfn, order, type, access, true);
    if (table.view !== HOST) return;
    for (const view of this.altp2ms(table.domid)) markStale(view, table, gfn, order, this.context.now.seq);
  }

  /** A recorded 4K entry that is not the expected one: from now on it holds, whoever wrote it. */
  correct(p2m: number, gfn: number, mfn: number, type: number, access: number): void {
    const table = this.tables[p2m];
    if (table.remaps.size > 0) endRemaps(table, gfn, mfn, 0);
    this.writeLeaves(p2m, gfn, mfn, 0, type, access, true);
  }

  /** An entry that was there before the trace showed it. */
  learn(p2m: number, gfn: number, mfn: number, order: number, type: number, access: number): void {
    this.writeLeaves(p2m, gfn, mfn, order, type, access, false);
  }

  /**
   * Entries [gfn, gfn + 2^order), aligned, that an event implies: a write, unless they are already so (docs/replay.md),
   * or the set_entry that the event stands for has failed.
   */
  imply(p2m: number, gfn: number, mfn: number, order: number, type: number, access = NO_ACCESS): void {
    const table = this.tables[p2m];
    if (order === 0 && table.wasRefused(gfn, type)) return;
    if (!this.isSo(table, gfn, mfn, order, type)) this.write(p2m, gfn, mfn, order, type, access);
  }

  /** True if leaves at least as large as a write would make give these frames and this type. */
  private isSo(table: P2mTable, gfn: number, mfn: number, order: number, type: number): boolean {
    const leaf = leafOrder(order);
    const end = gfn + framesOf(order);
    for (let at = gfn; at < end; at += framesOf(leaf)) {
      if (!table.find(at) || table.foundOrder < leaf) return false;
      const implied = mfn === NO_MFN ? NO_MFN : mfn + (at - gfn);
      if (!sameEntry(table.typeAt(at), table.foundMfn(at), type, implied)) return false;
    }
    return true;
  }

  /** Makes the 4K entry of the gfn unknown again; in a complete view, absent. */
  drop(p2m: number, gfn: number): void {
    const table = this.tables[p2m];
    table.splitAt(gfn, 0);
    if (table.find(gfn)) this.endFound(p2m, gfn);
  }

  /** The entry of the gfn should have got this type, and did not. */
  refuse(p2m: number, gfn: number, type: number): void {
    const { refused } = this.tables[p2m];
    const at = refused.make(gfn);
    refused.data[at] = type;
  }

  /** Ends every entry of the p2m, and forgets everything else about it. */
  dropAll(p2m: number): void {
    const table = this.tables[p2m];
    table.forEachLeaf(gfn => this.endFound(p2m, gfn));
    table.reset();
  }

  private endFound(p2m: number, leafGfn: number): void {
    const table = this.tables[p2m];
    if (table.foundBase !== NO_MFN) {
      this.reverse.remove(table.foundBase, table.foundOrder, p2m, leafGfn);
      this.context.facts?.lastMappings?.ended(table.domid, leafGfn, table.foundBase, table.foundOrder);
    }
    if (table.foundTag !== 0) this.context.facts?.mappings?.close(table.foundTag);
    table.clearFound();
  }

  private writeLeaves(
    p2m: number,
    gfn: number,
    mfn: number,
    order: number,
    type: number,
    access: number,
    known: boolean,
  ): void {
    const leaf = leafOrder(order);
    const step = framesOf(leaf);
    const first = alignDown(gfn, order);
    const end = first + framesOf(order);
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
    const table = this.tables[p2m];
    if (order > 0) this.replaceLeaves(p2m, gfn, mfn, order);
    else if (table.find(gfn)) this.replaceFound(p2m, alignDown(gfn, table.foundOrder), gfn, mfn, order);
    if (mfn !== NO_MFN) this.reverse.add(mfn, order, p2m, gfn);
    if (type === MAP_FOREIGN && known && order === 0) this.onForeign(table.domid, gfn, mfn, true);
    const { facts, now } = this.context;
    const tag = facts?.mappings?.open(table.domid, table.view, gfn, mfn, order, type, access, known) ?? 0;
    table.setLeaf(gfn, mfn, order, type, access, known ? now.seq : shownAt(now.seq), tag);
  }

  /** Separate from `writeLeaf`: there, making a closure would slow down the many writes of order 0. */
  private replaceLeaves(p2m: number, gfn: number, mfn: number, order: number): void {
    this.tables[p2m].forEachOverlap(gfn, order, leafGfn => this.replaceFound(p2m, leafGfn, gfn, mfn, order));
  }

  /** Replaces the found leaf, which begins at `leafGfn`, as far as a leaf of this order at the gfn covers it. */
  private replaceFound(p2m: number, leafGfn: number, gfn: number, mfn: number, order: number): void {
    const table = this.tables[p2m];
    const { facts } = this.context;
    // A leaf larger than the write is split first (setLeaf); then only this part of it is replaced.
    const larger = table.foundOrder > order;
    const first = larger ? gfn : leafGfn;
    const oldMfn = larger ? table.foundMfn(gfn) : table.foundBase;
    const oldOrder = larger ? order : table.foundOrder;
    const tag = table.foundTag;
    const wasForeign = table.foundType === MAP_FOREIGN;
    if (larger) table.splitAt(gfn, order);
    if (wasForeign && oldOrder === 0) this.onForeign(table.domid, first, oldMfn, false);
    if (oldMfn !== NO_MFN) {
      this.reverse.remove(oldMfn, oldOrder, p2m, first);
      facts?.lastMappings?.ended(table.domid, first, oldMfn, oldOrder);
      if (facts?.translations !== undefined) this.invalidateLeaf(table.domid, first, oldMfn, oldOrder, gfn, mfn);
    }
    if (tag !== 0) {
      table.find(gfn);
      facts?.mappings?.close(larger ? table.foundTag : tag);
    }
  }

  /** Ends translations of a leaf's frames, except those that the new leaf gives again. */
  private invalidateLeaf(domid: number, gfn: number, mfn: number, order: number, newGfn: number, newMfn: number): void {
    const same = newMfn !== NO_MFN && newMfn - newGfn === mfn - gfn;
    if (same) return;
    this.context.facts?.translations?.entriesChanged(mfn, order, domid, gfn);
  }

  /** A lazy change of types (docs/xen.md#lazy-types); if there are too many, all of them are carried out. */
  changeTypes(p2m: number, gfn: number, end: number, oldType: number, newType: number): void {
    const table = this.tables[p2m];
    if (table.ranges.length === MAX_TYPE_RANGES) this.carryOutChanges(table);
    table.ranges.add(gfn, end, oldType, newType, this.context.now.seq);
  }

  /** Gives the leaves that lazy changes are about their types. */
  private carryOutChanges(table: P2mTable): void {
    const leaves: number[] = [];
    for (const [first, end] of table.ranges.covered()) table.forEachLeafIn(first, end, gfn => leaves.push(gfn));
    let last = -1;
    for (const gfn of Float64Array.from(leaves).sort()) {
      // One that lies across an end is met from both sides.
      if (gfn === last) continue;
      last = gfn;
      table.find(gfn);
      const order = table.foundOrder;
      // A leaf that a change cuts is split, as Xen would split it.
      if (table.orderAt(gfn) === order) table.retype(table.typeAt(gfn));
      else this.splitByType(table, gfn, order);
    }
    table.ranges.clear();
  }

  private splitByType(table: P2mTable, gfn: number, order: number): void {
    const step = framesOf(order - 9);
    const end = gfn + framesOf(order);
    for (let at = gfn; at < end; at += step) {
      table.splitAt(at, order - 9);
      table.find(at);
      if (table.orderAt(at) === order - 9) table.retype(table.typeAt(at));
      else this.splitByType(table, at, order - 9);
    }
  }

  /** The frame was freed: the domains that still map it may be in their teardown. */
  noteFreed(mfn: number): void {
    if (!this.reverse.isMapped(mfn)) return;
    this.reverse.forEach(mfn, this.tearDown);
  }

  private readonly tearDown = (p2m: number): void => {
    this.tornDown[this.tables[p2m].domid] = 1;
  };

  /** The domain whose entry is the first that maps the frame, -1 for none. */
  mapperOf(mfn: number): number {
    const p2m = this.reverse.firstP2m(mfn);
    return p2m < 0 ? -1 : this.tables[p2m].domid;
  }

  /** The first entry that still maps the frame. */
  stillMapped(mfn: number): Mapper | undefined {
    if (!this.reverse.isMapped(mfn)) return undefined;
    const { p2m, gfn } = this.reverse.first(mfn);
    const table = this.tables[p2m];
    table.find(gfn);
    return { domid: table.domid, view: table.view, gfn, seq: table.foundSeq };
  }

  /** Numbers of a domain's p2ms. */
  ofDomain(domid: number): number[] {
    return [...this.tables.keys()].filter(p2m => this.tables[p2m].domid === domid);
  }

  /** The altp2m views of a domain. */
  altp2ms(domid: number): readonly P2mTable[] {
    if (this.viewed[domid] === 0) return NO_TABLES;
    return this.tables.filter(table => table.domid === domid && this.context.isAltp2m(table.view));
  }

  transfer(image: StateImage): void {
    image.map('index', this.index);
    const keys = [...this.index.keys()];
    image.parts('tables', this.tables, i => this.newTable(i, domidOfKey(keys[i]), viewOfKey(keys[i])));
    image.part('reverse', this.reverse);
    this.tornDown = image.array('tornDown', this.tornDown);
    if (!image.loading) return;
    this.lastP2mKey = -1;
    this.viewed.fill(0);
    for (const { domid, view } of this.tables) if (this.context.isAltp2m(view)) this.viewed[domid] = 1;
  }

  /** Loss: no entry is known any more. */
  forget(): void {
    for (const table of this.tables) table.reset();
    this.tornDown.fill(0);
    this.reverse.reset();
  }
}
