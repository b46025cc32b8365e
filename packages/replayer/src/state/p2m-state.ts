import { FLAG, getU53, isValid } from '@p2mtrace/trace-format';
import type { EventState } from '../batch/handlers.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { arg0Of, arg1Of, entryMfnOf, gfnOf, hasFailed } from '../batch/row-values.js';
import { DIVERGES } from '../facts/fact-specs.js';
import { MAX_FRAME } from '../memory/frame-table.js';
import { DOMIDS } from '../memory/keys.js';
import { alignDown } from '../memory/order.js';
import type { StateImage } from '../memory/state-image.js';
import { NO_ACCESS, NO_MFN } from '../tables/p2m-table.js';
import { CHANGEABLE } from '../tables/type-ranges.js';
import { isHole } from './holes.js';
import type { LockState } from './lock-state.js';
import { HOST, P2mSet, sameEntry, sameType } from './p2m-set.js';
import type { ReplayContext } from './replay-context.js';

const LOOKUP_DIVERGES = DIVERGES.lookup;

/** Lookups and writes of p2m entries, of any domain and view. */
export class P2mState implements EventState {
  readonly set: P2mSet;
  /** By domid: seq of the last set_entry, or lookup that gave a frame; NaN for none. */
  lastP2mSeq = new Float64Array(DOMIDS).fill(Number.NaN);
  private readonly context: ReplayContext;
  private readonly locks: LockState;

  constructor(context: ReplayContext, locks: LockState) {
    this.context = context;
    this.locks = locks;
    this.set = new P2mSet(context);
  }

  readonly handlers = {
    set_entry: (batch: ReplayBatch, row: number) => this.setEntry(batch, row),
    type_change_range: (batch: ReplayBatch, row: number) => this.changeTypes(batch, row),
    snapshot_type_change: (batch: ReplayBatch, row: number) => this.changeTypes(batch, row),
  };

  lookup(batch: ReplayBatch, row: number): void {
    const c = batch.columns;
    if (!isValid(batch.validity.gfn, row)) return;
    const gfn = getU53(c.gfn, row);
    const mfn = entryMfnOf(batch, row);
    if (gfn >= MAX_FRAME || mfn >= MAX_FRAME) {
      this.context.outOfRange++;
      return;
    }
    const domid = c.domid[row];
    const p2m = this.set.of(domid, c.view[row]);
    // A lookup that finds nothing uses nothing.
    if (mfn !== NO_MFN) this.lastP2mSeq[domid] = this.context.now.seq;
    const type = isValid(batch.validity.p2m_type, row) ? c.p2m_type[row] : -1;
    const table = this.set.tables[p2m];
    if (table.find(gfn)) {
      const expected = table.foundMfn(gfn);
      if (isHole(type, mfn) && this.set.tornDown[domid] !== 0) {
        this.set.learn(p2m, gfn, mfn, 0, type, accessOf(batch, row));
      } else if (
        !sameEntry(table.typeAt(gfn), expected, type >= 0 ? type : table.typeAt(gfn), mfn) &&
        !this.isExplained(batch, row, gfn, mfn, type)
      ) {
        this.context.diverge(batch, row, LOOKUP_DIVERGES, expected, mfn, table.foundSeq);
        // Without a type of its own, it does not contradict the known one.
        const access = accessOf(batch, row, table.foundAccess);
        this.set.correct(p2m, gfn, mfn, type >= 0 ? type : table.typeAt(gfn), access);
      }
    } else if (table.isAbsent(gfn)) {
      if (mfn !== NO_MFN) this.lookupAbsent(batch, row, p2m, gfn, mfn, type);
    } else if (type >= 0) {
      // What a lookup shows was there before the lookup.
      this.set.learn(p2m, gfn, mfn, 0, type, accessOf(batch, row));
    }
    const { facts, now } = this.context;
    if (facts?.translations === undefined) return;
    const locked = (c.flags[row] & (FLAG.locked | FLAG.read_locked)) !== 0 || this.locks.holdsP2mLock(now.pcpu);
    facts.translations.lookup(domid, c.view[row], gfn, mfn, type, facts.site(), locked);
  }

  /** True if the lookup may have happened before the write that it contradicts, or after a later one. */
  private isExplained(
    { columns: c, firstSeq }: ReplayBatch,
    row: number,
    gfn: number,
    mfn: number,
    type: number,
  ): boolean {
    const { lookups } = this.context;
    return lookups?.explains(firstSeq + row, { domid: c.domid[row], view: c.view[row], gfn, mfn, type }) === true;
  }

  /**
   * A frame found where a complete view has no entry: a copy of the host's entry, made on an earlier fault
   * (docs/xen.md#altp2m-views), or something new.
   */
  private lookupAbsent(batch: ReplayBatch, row: number, p2m: number, gfn: number, mfn: number, type: number): void {
    const table = this.set.tables[p2m];
    const host = this.set.find(table.domid, HOST);
    const known = host?.find(gfn) ?? false;
    const hostType = known && host !== undefined ? host.typeAt(gfn) : type;
    if (known && (host?.foundMfn(gfn) !== mfn || (type >= 0 && !sameType(hostType, type)))) {
      if (this.isExplained(batch, row, gfn, mfn, type)) return;
      this.context.diverge(batch, row, LOOKUP_DIVERGES, NO_MFN, mfn, table.completeSince);
      if (type >= 0) this.set.correct(p2m, gfn, mfn, type, accessOf(batch, row));
    } else if (type >= 0 || known) {
      this.set.learn(p2m, gfn, mfn, 0, type >= 0 ? type : hostType, accessOf(batch, row));
    }
  }

  setEntry(batch: ReplayBatch, row: number): void {
    const c = batch.columns;
    const domid = c.domid[row];
    this.lastP2mSeq[domid] = this.context.now.seq;
    if (this.context.isRecordedTwice(batch, row)) return;
    const gfn = getU53(c.gfn, row);
    const mfn = entryMfnOf(batch, row);
    const order = c.order[row];
    const type = c.p2m_type[row];
    if (hasFailed(batch, row)) {
      if (order === 0 && gfn < MAX_FRAME) this.set.refuse(this.set.of(domid, c.view[row]), gfn, type);
      return;
    }
    if (!this.set.inRange(gfn, mfn, order)) return;
    const access = accessOf(batch, row);
    this.set.tornDown[domid] = 0;
    this.set.write(this.set.of(domid, c.view[row]), gfn, mfn, order, type, access);
  }

  private changeTypes(batch: ReplayBatch, row: number): void {
    const { columns: c } = batch;
    const gfn = gfnOf(batch, row);
    if (!this.context.inRange(gfn, NO_MFN)) return;
    const end = arg0Of(batch, row);
    if (Number.isNaN(end)) {
      this.context.outOfRange++;
      return;
    }
    const old = arg1Of(batch, row);
    const p2m = this.set.of(c.domid[row], c.view[row]);
    this.set.changeTypes(p2m, gfn, end, Number.isNaN(old) ? CHANGEABLE : old, c.p2m_type[row]);
  }

  /** A snapshot of an entry that was already there. */
  snapshot(batch: ReplayBatch, row: number): void {
    const { columns: c } = batch;
    const gfn = gfnOf(batch, row);
    const mfn = entryMfnOf(batch, row);
    const order = c.order[row];
    if (!this.set.inRange(gfn, mfn, order)) return;
    const access = accessOf(batch, row);
    const p2m = this.set.of(c.domid[row], c.view[row]);
    if (hasFailed(batch, row)) {
      this.set.refuse(p2m, gfn, c.p2m_type[row]);
      return;
    }
    this.set.learn(p2m, gfn, mfn, order, c.p2m_type[row], access);
    if ((c.flags[row] & FLAG.stale) === 0) return;
    const table = this.set.tables[p2m];
    table.forEachOverlap(alignDown(gfn, order), order, () => table.markStale(Number.NaN));
  }

  transfer(image: StateImage): void {
    image.part('set', this.set);
    this.lastP2mSeq = image.array('lastP2mSeq', this.lastP2mSeq);
  }

  forget(): void {
    this.set.forget();
  }

  forgetDomain(domid: number): void {
    for (const p2m of this.set.ofDomain(domid)) this.set.dropAll(p2m);
    this.set.tornDown[domid] = 0;
  }
}

/** Index of the recorded access, otherwise the known one. */
function accessOf({ columns, validity }: ReplayBatch, row: number, known = NO_ACCESS): number {
  return isValid(validity.access, row) ? columns.access[row] : known;
}
