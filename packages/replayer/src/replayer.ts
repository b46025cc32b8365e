import {
  type ColumnName,
  FLAG,
  getU53,
  isValid,
  KIND,
  type LayoutProfile,
  layoutProfile,
  MM_LOCK_ORDER_MAX,
  MODE_READ,
  P2M_TYPES,
  type ReadBatch,
  type TraceMetadata,
} from '@p2mtrace/trace-format';
import { FactRecorder, HealthFacts } from './fact-recorder.js';
import { MAX_FRAME } from './frame-table.js';
import { LockTable, UNKNOWN_DEPTH } from './lock-table.js';
import { Now } from './now.js';
import { NO_ACCESS, NO_MFN, P2mTable } from './p2m-table.js';
import { ALLOCATED, COUNT_KNOWN, FREE, NO_OWNER, OWNER_KNOWN, PageTable, TYPE_KNOWN } from './page-table.js';
import { ReverseMap } from './reverse-map.js';
import { BY_PAGE_FREE } from './translation-facts.js';

/** Columns that a replay reads; facts need two more. */
export const STATE_COLUMNS = [
  'pcpu',
  'kind',
  'domid',
  'view',
  'gfn',
  'mfn',
  'order',
  'p2m_type',
  'access',
  'count_info',
  'type_info',
  'owner',
  'lock',
  'lock_class',
  'level',
  'mode',
  'depth',
  'flags',
  'caller',
  'arg0',
  'arg1',
] as const satisfies readonly ColumnName[];
export const FACT_COLUMNS = [...STATE_COLUMNS, 'tsc', 'symbol'] as const satisfies readonly ColumnName[];
type Columns = (typeof STATE_COLUMNS)[number];
/** A batch of these columns; `tsc` and `symbol` too where facts are wanted. */
export interface ReplayBatch extends Omit<ReadBatch<Columns>, 'columns' | 'validity'> {
  readonly columns: ReadBatch<Columns>['columns'] & Partial<ReadBatch<'tsc' | 'symbol'>['columns']>;
  readonly validity: ReadBatch<Columns>['validity'] & Partial<ReadBatch<'symbol'>['validity']>;
}
type Batch = ReplayBatch;

/** As constants of the module: looking a kind up by name for every event would show. */
const K_LOOKUP = KIND.lookup;
const K_PUT_GFN = KIND.put_gfn;
const K_SET_ENTRY = KIND.set_entry;
const K_GET_PAGE = KIND.get_page;
const K_PUT_PAGE = KIND.put_page;
const K_ALLOC_REF_DROP = KIND.alloc_ref_drop;
const K_GET_TYPE = KIND.get_type;
const K_PUT_TYPE = KIND.put_type;
const K_PAGE_ALLOC = KIND.page_alloc;
const K_PAGE_FREE = KIND.page_free;
const K_OWNER_SET = KIND.owner_set;
const K_PAGE_USE = KIND.page_use;
const K_LOCK_WAIT = KIND.lock_wait;
const K_LOCK_ACQUIRE = KIND.lock_acquire;
const K_LOCK_RELEASE = KIND.lock_release;
const K_M2P_SET = KIND.m2p_set;
const K_SCHED_SWITCH = KIND.sched_switch;
const K_SNAPSHOT = KIND.snapshot;
const K_LOST = KIND.lost;
const K_DOMAIN_CREATE = KIND.domain_create;
const K_DOMAIN_DESTROY = KIND.domain_destroy;

/** Values of `m2p` that are no gfn. */
export const INVALID_M2P = -1;
export const SHARED_M2P = -2;

const LOGDIRTY_TYPES = new Set(
  ['ram_rw', 'ram_logdirty', 'ioreq_server'].map(name => P2M_TYPES.indexOf(name as never)),
);
/** Larger runs of frames than this are damage, not events: entries of 1 TiB, allocations of 4 GiB. */
const MAX_ENTRY_ORDER = 28;
const MAX_PAGE_ORDER = 20;

export interface ReplayOptions {
  /** Take notes for fact tables; slower. */
  readonly facts?: boolean;
}

/**
 * Rebuilds p2m, pages and locks from events, one batch after the other, and checks the model against every value
 * that was recorded (model §2.2): a mismatch is a divergence, after which the recorded value holds.
 */
export class Replayer {
  readonly profile: LayoutProfile;
  readonly p2ms: P2mTable[] = [];
  readonly reverse = new ReverseMap();
  readonly pages: PageTable;
  /** machine_to_phys_mapping as recorded: mfn → gfn, INVALID_M2P or SHARED_M2P (X§3.4); unknown where absent. */
  readonly m2p = new Map<number, number>();
  readonly locks = new LockTable();
  readonly health = new HealthFacts();
  readonly facts: FactRecorder | undefined;
  /** Events applied so far; the next one has this seq. */
  seq = 0;
  /** Events whose frame or order is impossible. */
  outOfRange = 0;
  /** Records are being lost: what is known may be wrong already, and a mismatch proves nothing (model §2.2). */
  uncertain = false;
  /** Mismatches met while uncertain. */
  suppressed = 0;
  /** Running vcpu by pcpu as domid * 2^16 + vcpu, -1 for unknown. */
  readonly running: number[] = [];
  /** Index of the symbol of each call site; absent where it has none. */
  readonly symbolOfCaller: (number | undefined)[] = [];
  /** By domid: seq of the last lookup or set_entry, NaN for none. */
  readonly lastP2mSeq = new Float64Array(0x1_0000).fill(Number.NaN);
  private readonly now = new Now();
  private readonly hasResults: boolean;
  private readonly p2mIndex = new Map<number, number>();
  private lastP2mKey = -1;
  private lastP2m = 0;

  constructor(metadata: TraceMetadata, options: ReplayOptions = {}) {
    this.profile = layoutProfile(metadata.layout);
    this.pages = new PageTable(this.profile);
    this.hasResults = metadata.hasResults ?? false;
    this.facts = options.facts === true ? new FactRecorder(this.now, this.locks) : undefined;
  }

  /** Applies rows `from` to `to` (exclusive) of a batch. */
  apply(batch: Batch, from = 0, to = batch.rows): void {
    const { kind } = batch.columns;
    for (let row = from; row < to; row++) {
      this.begin(batch, row);
      switch (kind[row]) {
        case K_LOCK_ACQUIRE:
          this.lockAcquire(batch, row);
          break;
        case K_LOCK_RELEASE:
          this.lockRelease(batch, row);
          break;
        case K_GET_PAGE:
          this.getPage(batch, row);
          break;
        case K_PUT_PAGE:
          this.putPage(batch, row);
          break;
        case K_SET_ENTRY:
          this.setEntry(batch, row);
          break;
        case K_LOOKUP:
          this.lookup(batch, row);
          break;
        case K_PAGE_ALLOC:
        case K_PAGE_FREE:
          this.pageLife(batch, row, kind[row] === K_PAGE_ALLOC);
          break;
        case K_PUT_GFN:
          this.facts?.translations.unlock(batch.columns.domid[row], getU53(batch.columns.gfn, row));
          break;
        default:
          this.rare(batch, row, kind[row]);
      }
    }
    this.seq = batch.firstSeq + to;
  }

  private begin(batch: Batch, row: number): void {
    const { now } = this;
    now.seq = batch.firstSeq + row;
    if (this.facts === undefined) return;
    const tsc = batch.columns.tsc as Uint32Array;
    now.tscLow = tsc[2 * row];
    now.tscHigh = tsc[2 * row + 1];
    now.pcpu = isValid(batch.validity.pcpu, row) ? batch.columns.pcpu[row] : -1;
    now.caller = isValid(batch.validity.caller, row) ? batch.columns.caller[row] : -1;
    if (now.caller >= 0 && this.symbolOfCaller[now.caller] === undefined) this.nameCaller(batch, row);
  }

  private nameCaller(batch: Batch, row: number): void {
    const { validity, columns } = batch;
    if (validity.symbol === undefined || !isValid(validity.symbol, row)) return;
    this.symbolOfCaller[this.now.caller] = columns.symbol?.[row];
  }

  private rare(batch: Batch, row: number, kind: number): void {
    const c = batch.columns;
    switch (kind) {
      case K_ALLOC_REF_DROP:
        this.putPage(batch, row);
        break;
      case K_GET_TYPE:
      case K_PUT_TYPE:
        this.typeRef(batch, row);
        break;
      case K_OWNER_SET:
        this.ownerSet(batch, row);
        break;
      case K_PAGE_USE: {
        const slot = this.pageSlot(c.mfn, row);
        if (slot === 0) break;
        const free = (this.pages.state[slot] & FREE) !== 0;
        const domid = isValid(batch.validity.domid, row) ? c.domid[row] : -1;
        this.facts?.translations.use(getU53(c.mfn, row), this.pages.generation[slot], domid, free);
        break;
      }
      case K_M2P_SET:
        this.m2pSet(batch, row);
        break;
      case K_LOCK_WAIT:
        this.facts?.locks.wait(c.lock[row]);
        break;
      case K_SCHED_SWITCH:
        this.schedSwitch(batch, row);
        break;
      case K_SNAPSHOT:
        this.snapshot(batch, row);
        break;
      case K_LOST:
        this.lost(batch, row);
        break;
      case K_DOMAIN_CREATE:
      case K_DOMAIN_DESTROY: {
        const at = this.health.domain(c.domid[row], this.now.seq);
        const { created_seq, destroyed_seq } = this.health.domains.columns;
        (kind === K_DOMAIN_CREATE ? created_seq : destroyed_seq)[at] = this.now.seq;
        break;
      }
    }
  }

  // --- p2m ---------------------------------------------------------------------------------------------------

  /** Number of the p2m of a domain's view; the host's where no view was recorded (X§0.3). */
  p2mOf(domid: number, view: number): number {
    const key = domid * 0x1_0000 + view;
    if (key === this.lastP2mKey) return this.lastP2m;
    let index = this.p2mIndex.get(key);
    if (index === undefined) {
      index = this.p2ms.length;
      this.p2mIndex.set(key, index);
      this.health.domain(domid, this.now.seq);
      const at = index;
      this.p2ms.push(
        new P2mTable(domid, view, (gfn, mfn, order, _type, tag) => this.onSplit(at, gfn, mfn, order, tag)),
      );
    }
    this.lastP2mKey = key;
    this.lastP2m = index;
    return index;
  }

  /** A superpage falls apart: its parts map what it mapped. */
  private onSplit(p2m: number, gfn: number, mfn: number, order: number, tag: number): number {
    if (mfn !== NO_MFN) {
      this.reverse.remove(mfn, order + 9, p2m, gfn);
      const step = 2 ** order;
      for (let i = 0; i < 512; i++) this.reverse.add(mfn + i * step, order, p2m, gfn + i * step);
    }
    return tag === 0 || this.facts === undefined ? 0 : this.facts.memory.splitMapping(tag, gfn, mfn, order);
  }

  private lookup(batch: Batch, row: number): void {
    const c = batch.columns;
    if (!isValid(batch.validity.gfn, row)) return;
    const gfn = getU53(c.gfn, row);
    const mfn = isValid(batch.validity.mfn, row) ? getU53(c.mfn, row) : NO_MFN;
    if (gfn >= MAX_FRAME || mfn >= MAX_FRAME) {
      this.outOfRange++;
      return;
    }
    const domid = c.domid[row];
    const p2m = this.p2mOf(domid, c.view[row]);
    this.lastP2mSeq[domid] = this.now.seq;
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
        this.diverge(batch, row, 1, expected, mfn, table.foundSeq);
        if (hasType) this.writeLeaf(p2m, gfn, mfn, 0, type, table.foundAccess, true);
      }
    }
    if (this.facts === undefined) return;
    const locked = (c.flags[row] & (FLAG.locked | FLAG.read_locked)) !== 0 || this.holdsP2mLock(this.now.pcpu);
    this.facts.translations.lookup(domid, c.view[row], gfn, mfn, type, this.facts.site(), locked);
  }

  private setEntry(batch: Batch, row: number): void {
    const c = batch.columns;
    const flags = c.flags[row];
    const domid = c.domid[row];
    this.lastP2mSeq[domid] = this.now.seq;
    // A write that is recorded before and after is one write (captures README); a failed one is none.
    if ((flags & FLAG.failed) !== 0 || ((flags & FLAG.attempt) !== 0 && this.hasResults)) return;
    const gfn = getU53(c.gfn, row);
    const mfn = isValid(batch.validity.mfn, row) ? getU53(c.mfn, row) : NO_MFN;
    const order = c.order[row];
    if (gfn >= MAX_FRAME || mfn >= MAX_FRAME || order > MAX_ENTRY_ORDER) {
      this.outOfRange++;
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
    const { facts } = this;
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
    table.setLeaf(gfn, mfn, order, type, access, known ? this.now.seq : Number.NaN, tag);
  }

  /** Translations of a leaf's frames end, but for those that the new leaf gives again. */
  private invalidateLeaf(domid: number, gfn: number, mfn: number, order: number, newGfn: number, newMfn: number): void {
    const same = newMfn !== NO_MFN && newMfn - newGfn === mfn - gfn;
    if (same) return;
    this.facts?.translations.invalidateRange(mfn, order, domid, gfn);
  }

  /** An entry that was there before the trace showed it. */
  private learn(p2m: number, gfn: number, mfn: number, order: number, type: number, access: number): void {
    this.writeEntry(p2m, gfn, mfn, order, type, access, false);
  }

  private m2pSet(batch: Batch, row: number): void {
    const { columns: c, validity: v } = batch;
    const mfn = getU53(c.mfn, row);
    if (mfn >= MAX_FRAME) {
      this.outOfRange++;
      return;
    }
    const shared = (c.flags[row] & FLAG.shared) !== 0;
    this.m2p.set(mfn, shared ? SHARED_M2P : isValid(v.gfn, row) ? getU53(c.gfn, row) : INVALID_M2P);
  }

  // --- pages -------------------------------------------------------------------------------------------------

  /** Slot of the row's page, 0 for an impossible frame. */
  private pageSlot(mfn: Uint32Array, row: number): number {
    const frame = getU53(mfn, row);
    if (frame >= MAX_FRAME) {
      this.outOfRange++;
      return 0;
    }
    return this.pages.slot(frame);
  }

  private getPage(batch: Batch, row: number): void {
    const slot = this.pageSlot(batch.columns.mfn, row);
    if (slot === 0) return;
    this.noteOwner(batch, row, slot);
    const free = (this.pages.state[slot] & FREE) !== 0;
    this.changeCount(batch, row, slot, 1);
    if (this.facts === undefined) return;
    const mfn = getU53(batch.columns.mfn, row);
    this.facts.memory.getPage(slot, mfn, this.pages.generation[slot], this.ownerOf(slot), free);
    this.facts.translations.getPage(mfn);
  }

  private putPage(batch: Batch, row: number): void {
    const { pages, facts } = this;
    const slot = this.pageSlot(batch.columns.mfn, row);
    if (slot === 0) return;
    this.noteOwner(batch, row, slot);
    const known = (pages.state[slot] & COUNT_KNOWN) !== 0;
    const hadAllocated = known && pages.hasAllocated(pages.countLow[slot], pages.countHigh[slot]);
    const underflow = known && pages.count(slot) === 0;
    this.changeCount(batch, row, slot, -1);
    if (facts === undefined) return;
    const hasAllocated = pages.hasAllocated(pages.countLow[slot], pages.countHigh[slot]);
    const mfn = getU53(batch.columns.mfn, row);
    const dropped = hadAllocated && !hasAllocated;
    facts.memory.putPage(slot, mfn, pages.generation[slot], this.ownerOf(slot), dropped, underflow);
    facts.translations.putPage(mfn);
  }

  /** Adds ±1 to the count, or takes over what was recorded and says so where the two differ. */
  private changeCount(batch: Batch, row: number, slot: number, by: number): void {
    const { pages, now } = this;
    const c = batch.columns;
    const known = (pages.state[slot] & COUNT_KNOWN) !== 0;
    if (isValid(batch.validity.count_info, row)) {
      const low = c.count_info[2 * row];
      const high = c.count_info[2 * row + 1];
      if (known) {
        // Below 0 the count wraps inside its own bits; that is an underflow, not a divergence.
        const before = pages.count(slot);
        const expected = before + by < 0 ? pages.countOf(0xffff_ffff, 0xffff_ffff) : before + by;
        const seen = pages.countOf(low, high);
        if (expected !== seen) this.diverge(batch, row, 0, expected, seen, pages.countSeq[slot]);
      }
      pages.countLow[slot] = low;
      pages.countHigh[slot] = high;
      pages.state[slot] |= COUNT_KNOWN;
    } else if (known) {
      if (by < 0 && batch.columns.kind[row] === K_ALLOC_REF_DROP) pages.clearAllocated(slot);
      pages.add(slot, by);
    }
    pages.countSeq[slot] = now.seq;
  }

  private noteOwner(batch: Batch, row: number, slot: number): void {
    if (!isValid(batch.validity.owner, row)) return;
    this.pages.owner[slot] = batch.columns.owner[row];
    this.pages.state[slot] |= OWNER_KNOWN;
  }

  ownerOf(slot: number): number {
    return (this.pages.state[slot] & OWNER_KNOWN) === 0 ? NO_OWNER : this.pages.owner[slot];
  }

  private pageLife(batch: Batch, row: number, alloc: boolean): void {
    const c = batch.columns;
    const first = getU53(c.mfn, row);
    const order = c.order[row];
    if (first >= MAX_FRAME || order > MAX_PAGE_ORDER) {
      this.outOfRange++;
      return;
    }
    const owner = isValid(batch.validity.owner, row) ? c.owner[row] : NO_OWNER;
    for (let mfn = first; mfn < first + 2 ** order; mfn++) {
      const slot = this.pages.slot(mfn);
      if (alloc) this.allocPage(slot, mfn, owner);
      else this.freePage(slot, mfn, owner);
    }
  }

  /** page_alloc: after assignment, so an owned page starts with PGC_allocated | 1 (model §2.1). */
  private allocPage(slot: number, mfn: number, owner: number): void {
    const { pages, now } = this;
    pages.generation[slot]++;
    pages.lifeSeq[slot] = now.seq;
    pages.countSeq[slot] = now.seq;
    pages.owner[slot] = owner;
    // A page without an owner may be given to somebody later, with a count that nobody recorded.
    const counted = owner !== NO_OWNER;
    pages.state[slot] = ALLOCATED | OWNER_KNOWN | TYPE_KNOWN | (counted ? COUNT_KNOWN : 0);
    pages.typeLow[slot] = 0;
    pages.typeHigh[slot] = 0;
    if (counted) pages.setAllocatedOne(slot);
    this.facts?.memory.pageAlloc(slot, mfn, pages.generation[slot], owner, counted);
  }

  private freePage(slot: number, mfn: number, owner: number): void {
    const { pages, now } = this;
    const count = (pages.state[slot] & COUNT_KNOWN) === 0 ? Number.NaN : pages.count(slot);
    if (this.facts !== undefined) {
      const who = owner === NO_OWNER ? this.ownerOf(slot) : owner;
      this.facts.memory.pageFree(slot, mfn, pages.generation[slot], who, count, this.stillMapped(mfn));
      this.facts.translations.invalidate(mfn, BY_PAGE_FREE, -1, -1);
    }
    pages.state[slot] = FREE | COUNT_KNOWN | TYPE_KNOWN;
    pages.countLow[slot] = 0;
    pages.countHigh[slot] = 0;
    pages.typeLow[slot] = 0;
    pages.typeHigh[slot] = 0;
    pages.lifeSeq[slot] = now.seq;
    pages.countSeq[slot] = now.seq;
  }

  /** The first entry that still maps the frame. */
  private stillMapped(mfn: number) {
    if (!this.reverse.isMapped(mfn)) return undefined;
    const [{ p2m, gfn }] = this.reverse.mappings(mfn);
    const table = this.p2ms[p2m];
    table.find(gfn);
    return { domid: table.domid, view: table.view, gfn, seq: table.foundSeq };
  }

  private typeRef(batch: Batch, row: number): void {
    const slot = this.pageSlot(batch.columns.mfn, row);
    if (slot === 0 || !isValid(batch.validity.type_info, row)) return;
    this.pages.typeLow[slot] = batch.columns.type_info[2 * row];
    this.pages.typeHigh[slot] = batch.columns.type_info[2 * row + 1];
    this.pages.state[slot] |= TYPE_KNOWN;
  }

  private ownerSet(batch: Batch, row: number): void {
    const slot = this.pageSlot(batch.columns.mfn, row);
    if (slot === 0) return;
    const owned = isValid(batch.validity.owner, row);
    this.pages.owner[slot] = owned ? batch.columns.owner[row] : NO_OWNER;
    this.pages.state[slot] |= OWNER_KNOWN;
    if (isValid(batch.validity.count_info, row)) this.takeCount(batch, row, slot);
  }

  private takeCount(batch: Batch, row: number, slot: number): void {
    this.pages.countLow[slot] = batch.columns.count_info[2 * row];
    this.pages.countHigh[slot] = batch.columns.count_info[2 * row + 1];
    this.pages.countSeq[slot] = this.now.seq;
    this.pages.state[slot] |= COUNT_KNOWN;
  }

  // --- locks and contexts -------------------------------------------------------------------------------------

  private lockAcquire(batch: Batch, row: number): void {
    if (!isValid(batch.validity.pcpu, row)) return;
    const c = batch.columns;
    const pcpu = c.pcpu[row];
    const lock = c.lock[row];
    const mode = c.mode[row];
    const level = isValid(batch.validity.level, row) ? c.level[row] : 0;
    const check = this.locks.acquire(pcpu, lock, mode, level, (c.flags[row] & FLAG.recursive) !== 0);
    const expected = check.expectedDepth;
    const recorded = isValid(batch.validity.depth, row);
    const depth = recorded ? c.depth[row] : this.locks.depth[lock];
    if (recorded && mode !== MODE_READ) this.checkDepth(batch, row, lock, expected, c.depth[row], c.depth[row]);
    const { facts } = this;
    let tag = 0;
    if (facts !== undefined) {
      const lockClass = isValid(batch.validity.lock_class, row) ? c.lock_class[row] : -1;
      tag = facts.locks.acquire(lock, lockClass, mode, level, depth, check);
    }
    const caller = isValid(batch.validity.caller, row) ? c.caller[row] : -1;
    this.locks.push(pcpu, lock, mode, level, this.now.seq, caller, tag);
  }

  private lockRelease(batch: Batch, row: number): void {
    if (!isValid(batch.validity.pcpu, row)) return;
    const c = batch.columns;
    const pcpu = c.pcpu[row];
    const lock = c.lock[row];
    const mode = c.mode[row];
    const last = this.locks.innermost(pcpu);
    const innermost = last < this.locks.bottom(pcpu) || this.locks.heldLock[last] === lock;
    const tag = this.locks.release(pcpu, lock, mode);
    if (isValid(batch.validity.depth, row) && mode !== MODE_READ) {
      const { expectedDepth } = this.locks.check;
      this.checkDepth(batch, row, lock, expectedDepth, c.depth[row], c.depth[row] - 1);
    }
    const { facts } = this;
    if (facts === undefined) return;
    const lockClass = isValid(batch.validity.lock_class, row) ? c.lock_class[row] : -1;
    const level = isValid(batch.validity.level, row) ? c.level[row] : 0;
    facts.locks.release(lock, lockClass, mode, level, tag, innermost);
    if (!this.holdsP2mLock(pcpu)) facts.translations.unlock();
  }

  /** The pcpu holds the lock of some p2m: level 16 (host, nested) or 40 (altp2m), biased or not (X§2.1). */
  private holdsP2mLock(pcpu: number): boolean {
    const { locks } = this;
    for (let i = locks.bottom(pcpu); i <= locks.innermost(pcpu); i++) {
      const level =
        locks.heldLevel[i] > MM_LOCK_ORDER_MAX ? locks.heldLevel[i] - MM_LOCK_ORDER_MAX : locks.heldLevel[i];
      if (level === 16 || level === 40) return true;
    }
    return false;
  }

  private checkDepth(batch: Batch, row: number, lock: number, expected: number, seen: number, now: number): void {
    if (expected === seen) return;
    // Locks of a hypervisor that counts only recursive ones say 0; an unknown depth is learned, not checked.
    if (expected !== UNKNOWN_DEPTH) this.diverge(batch, row, 2, expected, seen, Number.NaN);
    this.locks.setDepth(lock, now);
  }

  private schedSwitch(batch: Batch, row: number): void {
    if (!isValid(batch.validity.pcpu, row)) return;
    const pcpu = batch.columns.pcpu[row];
    const vcpu = batch.columns.domid[row] * 0x1_0000 + batch.columns.arg0[2 * row];
    const runs = (batch.columns.arg1[2 * row] & 15) === 0;
    if (runs && this.running[pcpu] !== vcpu) {
      this.running[pcpu] = vcpu;
      this.facts?.translations.switchAway(pcpu);
    } else if (!runs && this.running[pcpu] === vcpu) {
      this.running[pcpu] = -1;
    }
  }

  // --- knowledge ----------------------------------------------------------------------------------------------

  /** State known at this point: an entry, a page or a held lock, whichever columns it has. */
  private snapshot(batch: Batch, row: number): void {
    const { validity: v, columns: c } = batch;
    if (isValid(v.lock, row)) {
      this.lockAcquire(batch, row);
    } else if (isValid(v.gfn, row) && isValid(v.domid, row) && isValid(v.p2m_type, row)) {
      const mfn = isValid(v.mfn, row) ? getU53(c.mfn, row) : NO_MFN;
      const gfn = getU53(c.gfn, row);
      const order = c.order[row];
      if (gfn >= MAX_FRAME || mfn >= MAX_FRAME || order > MAX_ENTRY_ORDER) {
        this.outOfRange++;
        return;
      }
      const access = isValid(v.access, row) ? c.access[row] : NO_ACCESS;
      this.learn(this.p2mOf(c.domid[row], c.view[row]), gfn, mfn, order, c.p2m_type[row], access);
    } else if (isValid(v.mfn, row)) {
      const slot = this.pageSlot(c.mfn, row);
      if (slot === 0) return;
      this.noteOwner(batch, row, slot);
      if (isValid(v.count_info, row)) this.takeCount(batch, row, slot);
      this.typeRef(batch, row);
    }
  }

  /**
   * Lost records may have been anything their pcpu did: no count is known any more, nor what that pcpu holds, nor
   * any translation that was watched (model §2.2).
   */
  private lost(batch: Batch, row: number): void {
    const { losses } = this.health;
    const at = losses.add();
    const c = losses.columns;
    const pcpu = isValid(batch.validity.pcpu, row) ? batch.columns.pcpu[row] : -1;
    c.seq[at] = this.now.seq;
    c.pcpu[at] = pcpu;
    c.count[at] = getU53(batch.columns.arg0, row);
    c.first_tsc[2 * at] = batch.columns.arg1[2 * row];
    c.first_tsc[2 * at + 1] = batch.columns.arg1[2 * row + 1];
    c.tsc[2 * at] = this.now.tscLow;
    c.tsc[2 * at + 1] = this.now.tscHigh;
    this.uncertain = false;
    this.forget(pcpu);
  }

  /** The first record that a pcpu lost would be here; until its lost event nothing is certain. */
  beginLoss(pcpu: number): void {
    this.uncertain = true;
    this.forget(pcpu);
  }

  private forget(pcpu: number): void {
    this.facts?.memory.lose();
    this.pages.forget();
    for (const table of this.p2ms) table.reset();
    this.reverse.reset();
    this.m2p.clear();
    for (let other = 0; other < this.locks.pcpus; other++) this.facts?.translations.switchAway(other);
    if (pcpu < 0) return;
    this.facts?.locks.lose(pcpu);
    this.locks.forget(pcpu);
  }

  private diverge(batch: Batch, row: number, about: number, expected: number, seen: number, lastSeq: number): void {
    if (this.uncertain) {
      this.suppressed++;
      return;
    }
    const { divergences } = this.health;
    const at = divergences.add();
    const c = divergences.columns;
    const { columns, validity } = batch;
    c.seq[at] = this.now.seq;
    c.about[at] = about;
    if (isValid(validity.domid, row)) c.domid[at] = columns.domid[row];
    if (isValid(validity.gfn, row)) c.gfn[at] = getU53(columns.gfn, row);
    if (isValid(validity.mfn, row)) c.mfn[at] = getU53(columns.mfn, row);
    if (isValid(validity.lock, row)) c.lock[at] = columns.lock[row];
    if (isValid(validity.pcpu, row)) c.pcpu[at] = columns.pcpu[row];
    if (expected >= 0) c.expected[at] = expected;
    if (seen >= 0) c.seen[at] = seen;
    c.last_seq[at] = lastSeq;
  }
}

/** Log-dirty changes are lazy: a lookup may call ram_rw what is stored otherwise, and the other way round (X§3.3). */
function sameModuloLogdirty(a: number, b: number): boolean {
  return a === b || (LOGDIRTY_TYPES.has(a) && LOGDIRTY_TYPES.has(b));
}
