import { FrameRecords } from '../memory/frame-records.js';
import { CHUNK, FrameDirectory, withRoom } from '../memory/frame-table.js';
import { alignDown, framesOf, offsetIn } from '../memory/order.js';
import type { StateImage } from '../memory/state-image.js';
import { Remaps } from './remaps.js';
import { TypeRanges } from './type-ranges.js';

/** Orders of p2m leaves: 4K, 2M, 1G. */
const ORDER_2M = 9;
const ORDER_1G = 18;

/** `meta` of an entry: 0 is unknown; else bit 31, the type in bits 0–7, access in 8–15, order in 16–23, stale 24. */
const KNOWN = 0x8000_0000;
const STALE = 0x0100_0000;
export const NO_MFN = -1;

/** How `seq` of an entry is stored if the event did not write it but only showed that it was there. */
export const shownAt = (seq: number): number => -1 - seq;

/** What a lookup finds. `mfn` is NaN if the entry has none; for an unknown entry there is no result at all. */
export interface P2mEntry {
  /** First gfn of the leaf. */
  readonly gfn: number;
  /** mfn of the requested gfn, NaN for INVALID_MFN. */
  readonly mfn: number;
  readonly order: number;
  /** Index into P2M_TYPES. */
  readonly type: number;
  /** Index into ACCESS_TYPES, 255 if it was not recorded. */
  readonly access: number;
  /** seq of the set_entry that wrote it, NaN if it was already there (a lookup or snapshot showed it). */
  readonly setSeq: number;
}

export const NO_ACCESS = 255;

/** Called when a leaf is split into parts of `order`; writes the tag of each to `parts`. */
export type SplitListener = (gfn: number, mfn: number, order: number, tag: number, parts: Int32Array) => void;

/**
 * One p2m (a domain's host p2m, or one of its views): gfn → entry, with leaves of 4K, 2M and 1G. Setting a small order
 * inside a large leaf splits the leaf; setting a large order drops what lies below (docs/replay.md#p2m). What was never
 * seen is unknown, which is neither a hole nor invalid.
 */
export class P2mTable {
  readonly domid: number;
  /** Index of the view's name. */
  readonly view: number;
  /** By 4K gfn, by 2M number (gfn >> 9), by 1G number (gfn >> 18). */
  private readonly levels = [new Level(), new Level(), new Level()];
  private readonly small = this.levels[0];
  private readonly large = this.levels[1];
  private readonly huge = this.levels[2];
  /** Lazy changes of types, which `typeAt` applies. */
  readonly ranges = new TypeRanges();
  /** Of an altp2m view. */
  readonly remaps = new Remaps();
  /** gfn → type that the last write of the 4K entry should have given it, if that write failed. */
  readonly refused = new FrameRecords(1);
  /** Set if entries not known do not exist: seq of the event that said so (view_create, view_reset), NaN for never. */
  completeSince = Number.NaN;
  /** Slot found last. */
  private slot = 0;
  private level = this.small;

  private readonly onSplit: SplitListener;

  constructor(domid: number, view: number, onSplit: SplitListener = () => {}) {
    this.domid = domid;
    this.view = view;
    this.onSplit = onSplit;
  }

  /** True if nothing is known of it. */
  get isEmpty(): boolean {
    return this.levels.every(level => level.used === 0) && this.remaps.size === 0;
  }

  /** Finds the leaf that covers the gfn; the `found…` accessors then describe it. False: unknown. */
  find(gfn: number): boolean {
    if (this.probe(this.small, gfn)) return true;
    if (this.large.used > 0 && this.probe(this.large, Math.floor(gfn / CHUNK))) return true;
    return this.huge.used > 0 && this.probe(this.huge, Math.floor(gfn / (CHUNK * CHUNK)));
  }

  /** For a gfn not found: a complete view has no entry there, unless it is remapped, possibly to an unknown frame. */
  isAbsent(gfn: number): boolean {
    return !Number.isNaN(this.completeSince) && this.remaps.of(gfn) < 0;
  }

  /** True if the last write of the gfn should have given it that type, and failed. */
  wasRefused(gfn: number, type: number): boolean {
    const at = this.refused.size === 0 ? -1 : this.refused.find(gfn);
    return at >= 0 && this.refused.data[at] === type;
  }

  /** Entries of [gfn, gfn + 2^order), aligned down, were written. */
  accept(gfn: number, order: number): void {
    this.refused.forEachIn(alignDown(gfn, order), framesOf(order), one => this.refused.remove(one));
  }

  private probe(level: Level, key: number): boolean {
    const slot = level.directory.find(key);
    if (slot === 0 || level.meta[slot] === 0) return false;
    this.slot = slot;
    this.level = level;
    return true;
  }

  /** Type as it was written. */
  get foundType(): number {
    return this.level.meta[this.slot] & 0xff;
  }
  get foundAccess(): number {
    return (this.level.meta[this.slot] >>> 8) & 0xff;
  }
  get foundOrder(): number {
    return (this.level.meta[this.slot] >>> 16) & 0xff;
  }
  /** mfn of the leaf's first frame, or -1. */
  get foundBase(): number {
    return this.level.mfn[this.slot];
  }
  /** seq of the event that wrote it, NaN if it was there before. */
  get foundSeq(): number {
    const seq = this.level.seq[this.slot];
    return seq < 0 ? Number.NaN : seq;
  }
  /** seq of the event that wrote or showed it. */
  get foundSince(): number {
    const seq = this.level.seq[this.slot];
    return seq < 0 ? -1 - seq : seq;
  }
  /** True if the host's entry has changed and this one, of a view, has not. */
  get foundStale(): boolean {
    return (this.level.meta[this.slot] & STALE) !== 0;
  }
  /** seq of the event that made it stale, NaN for before the trace. */
  get foundStaleSince(): number {
    return this.level.staleSince[this.slot];
  }
  /** Number that the fact recorder gave the leaf, 0 for none. */
  get foundTag(): number {
    return this.level.tag[this.slot];
  }
  set foundTag(tag: number) {
    this.level.tag[this.slot] = tag;
  }

  /** mfn that the found leaf gives for this gfn, or -1. */
  foundMfn(gfn: number): number {
    const base = this.foundBase;
    return base === NO_MFN ? NO_MFN : base + offsetIn(gfn, this.foundOrder);
  }

  /** Type of the found leaf at this gfn, with lazy changes applied. */
  typeAt(gfn: number): number {
    return this.ranges.length === 0 ? this.foundType : this.ranges.read(gfn, this.foundType, this.foundSince);
  }

  /** Order of the part of the found leaf around this gfn that has a single type. */
  orderAt(gfn: number): number {
    let order = this.foundOrder;
    if (this.ranges.length === 0) return order;
    while (order > 0 && this.ranges.cuts(alignDown(gfn, order), order, this.foundSince)) order -= 9;
    return order;
  }

  /** Where the part of the found leaf from `gfn` on, up to `end`, that has a single type ends. */
  typeEnd(gfn: number, end: number): number {
    return this.ranges.length === 0 ? end : this.ranges.nextCut(gfn, end, this.foundSince);
  }

  /** Changes the type of the found leaf and nothing else. */
  retype(type: number): void {
    this.level.meta[this.slot] = (this.level.meta[this.slot] & ~0xff) | type;
  }

  /** Marks the found leaf as stale from now on, unless it already is. */
  markStale(seq: number): void {
    if (!this.foundStale) this.level.markStale(this.slot, seq);
  }

  lookup(gfn: number): P2mEntry | undefined {
    if (!this.find(gfn)) return undefined;
    const mfn = this.foundMfn(gfn);
    return {
      gfn: alignDown(gfn, this.foundOrder),
      mfn: mfn === NO_MFN ? Number.NaN : mfn,
      order: this.foundOrder,
      type: this.typeAt(gfn),
      access: this.foundAccess,
      setSeq: this.foundSeq,
    };
  }

  /**
   * Sets one leaf of order 0, 9 or 18, aligned down to it. `mfn` is -1 for INVALID_MFN; `seq` is that of the event that
   * wrote it, or `shownAt` of it. The caller has dealt with what was there (`forEachOverlap`).
   */
  setLeaf(gfn: number, mfn: number, order: number, type: number, access: number, seq: number, tag: number): void {
    const meta = KNOWN | (order << 16) | (access << 8) | type;
    if (order === 0) {
      this.splitAt(gfn, order);
      this.small.set(gfn, mfn, meta, seq, tag);
    } else if (order === ORDER_2M) {
      this.splitAt(gfn, order);
      this.small.clearChunk(alignDown(gfn, ORDER_2M));
      this.large.set(Math.floor(gfn / CHUNK), mfn, meta, seq, tag);
    } else {
      const key = Math.floor(gfn / (CHUNK * CHUNK));
      for (let i = 0; i < CHUNK; i++) this.small.clearChunk((key * CHUNK + i) * CHUNK);
      this.large.clearChunk(key * CHUNK);
      this.huge.set(key, mfn, meta, seq, tag);
    }
  }

  /** Makes the found leaf unknown again. */
  clearFound(): void {
    this.level.clear(this.slot);
  }

  /** Splits the leaf that covers the gfn until it has this order. */
  splitAt(gfn: number, order: number): void {
    if (order < ORDER_1G && this.huge.used > 0) this.splitHuge(gfn);
    if (order < ORDER_2M && this.large.used > 0) this.splitLarge(gfn);
  }

  private splitLarge(gfn: number): void {
    const key = Math.floor(gfn / CHUNK);
    if (!this.probe(this.large, key)) return;
    this.split(this.large, this.slot, this.small, key, 0);
  }

  private splitHuge(gfn: number): void {
    const key = Math.floor(gfn / (CHUNK * CHUNK));
    if (!this.probe(this.huge, key)) return;
    this.split(this.huge, this.slot, this.large, key, ORDER_2M);
  }

  /** Replaces one leaf by 512 of the next smaller order. */
  private split(from: Level, slot: number, into: Level, key: number, order: number): void {
    const meta = (from.meta[slot] & ~(0xff << 16)) | (order << 16);
    const [mfn, seq, tag] = [from.mfn[slot], from.seq[slot], from.tag[slot]];
    const step = framesOf(order);
    const parts = new Int32Array(CHUNK);
    this.onSplit(key * CHUNK * step, mfn, order, tag, parts);
    for (let i = 0; i < CHUNK; i++) {
      const small = mfn === NO_MFN ? NO_MFN : mfn + i * step;
      into.set(key * CHUNK + i, small, meta, seq, parts[i]);
    }
    if ((meta & STALE) !== 0) {
      into.directory.forEachInChunk(key * CHUNK, (_, part) => into.markStale(part, from.staleSince[slot]));
    }
    from.clear(slot);
  }

  /** Visits every leaf that overlaps [gfn, gfn + 2^order), as it is found; the visitor must not change the table. */
  forEachOverlap(gfn: number, order: number, visit: (leafGfn: number) => void): void {
    const end = gfn + framesOf(order);
    for (let at = gfn; at < end; ) {
      if (this.find(at)) {
        const leaf = alignDown(at, this.foundOrder);
        const next = leaf + framesOf(this.foundOrder);
        visit(leaf);
        at = next;
      } else {
        at = this.skipUnknown(at);
      }
    }
  }

  /** The first gfn after `gfn`, which is unknown, that may be known. */
  private skipUnknown(gfn: number): number {
    if (this.small.directory.hasChunk(gfn)) return gfn + 1;
    return alignDown(gfn, ORDER_2M) + CHUNK;
  }

  /** Visits every leaf by gfn. The visitor gets the leaf's first gfn and reads the `found…` accessors. */
  forEachLeaf(visit: (gfn: number) => void): void {
    const leaves: { gfn: number; level: Level; slot: number }[] = [];
    this.levels.forEach((level, depth) => {
      const scale = CHUNK ** depth;
      level.directory.forEach((key, slot) => {
        if (level.meta[slot] !== 0) leaves.push({ gfn: key * scale, level, slot });
      });
    });
    leaves.sort((a, b) => a.gfn - b.gfn);
    for (const { gfn, level, slot } of leaves) {
      this.level = level;
      this.slot = slot;
      visit(gfn);
    }
  }

  /** Visits the leaves that overlap [first, end), in no order, as they are found; allocates nothing for a leaf. */
  forEachLeafIn(first: number, end: number, visit: (gfn: number) => void): void {
    this.levels.forEach((level, depth) => {
      if (level.used === 0) return;
      const scale = CHUNK ** depth;
      level.directory.forEachIn(Math.floor(first / scale), Math.ceil(end / scale), (key, slot) => {
        if (level.meta[slot] === 0) return;
        this.level = level;
        this.slot = slot;
        visit(key * scale);
      });
    });
  }

  transfer(image: StateImage): void {
    image.part('small', this.small);
    image.part('large', this.large);
    image.part('huge', this.huge);
    image.part('ranges', this.ranges);
    image.part('remaps', this.remaps);
    image.part('refused', this.refused);
    this.completeSince = image.number('completeSince', this.completeSince);
  }

  /** Forgets everything (loss, a new domain). */
  reset(): void {
    for (const level of this.levels) level.reset();
    this.ranges.clear();
    this.remaps.clear();
    this.refused.clear();
    this.completeSince = Number.NaN;
  }
}

/** Leaves of one order: arrays by slot. */
class Level {
  directory = new FrameDirectory();
  meta = new Uint32Array(0);
  mfn = new Float64Array(0);
  seq = new Float64Array(0);
  tag = new Int32Array(0);
  /** seq of the event that made a leaf stale; only as long as needed. */
  staleSince = new Float64Array(0);
  /** Number of known leaves. */
  used = 0;

  set(key: number, mfn: number, meta: number, seq: number, tag: number): void {
    let slot = this.directory.find(key);
    if (slot === 0) {
      slot = this.directory.make(key);
      this.meta = withRoom(this.meta, this.directory.slots);
      this.mfn = withRoom(this.mfn, this.directory.slots);
      this.seq = withRoom(this.seq, this.directory.slots);
      this.tag = withRoom(this.tag, this.directory.slots);
    }
    if (this.meta[slot] === 0) this.used++;
    this.meta[slot] = meta;
    this.mfn[slot] = mfn;
    this.seq[slot] = seq;
    this.tag[slot] = tag;
  }

  markStale(slot: number, seq: number): void {
    this.staleSince = withRoom(this.staleSince, this.directory.slots);
    this.staleSince[slot] = seq;
    this.meta[slot] |= STALE;
  }

  clear(slot: number): void {
    if (this.meta[slot] !== 0) this.used--;
    this.meta[slot] = 0;
  }

  /** Clears the leaves of the chunk that starts at this key. */
  clearChunk(firstKey: number): void {
    if (!this.directory.hasChunk(firstKey)) return;
    this.directory.forEachInChunk(firstKey, (_, slot) => this.clear(slot));
  }

  transfer(image: StateImage): void {
    image.part('directory', this.directory);
    this.meta = image.array('meta', this.meta);
    this.mfn = image.array('mfn', this.mfn);
    this.seq = image.array('seq', this.seq);
    if (image.loading) this.tag = new Int32Array(this.meta.length);
    this.staleSince = image.array('staleSince', this.staleSince);
    this.used = image.number('used', this.used);
  }

  reset(): void {
    this.directory = new FrameDirectory();
    this.meta.fill(0);
    this.used = 0;
  }
}
