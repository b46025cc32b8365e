import type { Handler, Handlers } from '../../batch/handlers.js';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { DomainFrames } from '../../memory/domain-frames.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { HOST } from '../../state/p2m-set.js';
import { PAGING_SEQ } from '../../state/paging-state.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { references, slotOf } from '../known-pages.js';
import { typeSet } from '../p2m-types.js';

const isPaging = typeSet('ram_paging_out', 'ram_paged', 'ram_paging_in', 'ram_paging_in_start');

/**
 * Types from which each step goes on (X§5.2). A second vcpu that comes across the gfn populates it again, and is resumed
 * like the first.
 */
const FROM = {
  page_nominate: typeSet('ram_rw', 'ram_logdirty'),
  page_evict: typeSet('ram_paging_out'),
  page_populate: typeSet('ram_paging_out', 'ram_paged', 'ram_paging_in', 'ram_paging_in_start'),
  page_prep: typeSet('ram_paging_in', 'ram_paging_in_start', 'ram_paged'),
  page_resume: typeSet('ram_paging_in', 'ram_paging_in_start', 'ram_rw', 'ram_logdirty'),
};

/** What the last write of an entry to or from a paging type replaced: its type, the event that made it, the write. */
const OLD_TYPE = 0;
const OLD_SEQ = 1;
const WRITE_SEQ = 2;
const WIDTH = 3;

/** consistency.paging-state: a step of the pager that the state does not allow, or that takes a page in use (X§5.2). */
export const pagingState: MakeCheck = scope => new PagingState(scope);

class PagingState implements Check {
  private readonly scope: CheckScope;
  private readonly writes = new DomainFrames(WIDTH);
  readonly before: Handlers;

  constructor(scope: CheckScope) {
    this.scope = scope;
    const step =
      (from: (type: number) => boolean, takesPage = false): Handler =>
      (batch, row) => {
        if (hasFailed(batch, row) || gfnOf(batch, row) >= MAX_FRAME) return;
        this.checkStep(batch, row, from);
        if (takesPage) this.checkReferences(batch, row);
      };
    const paging = scope.records(...(Object.keys(FROM) as (keyof typeof FROM)[]));
    this.before = {
      ...(paging ? { set_entry: (batch, row) => this.noteWrite(batch, row) } : {}),
      page_nominate: step(FROM.page_nominate, true),
      page_evict: step(FROM.page_evict, true),
      page_populate: step(FROM.page_populate),
      page_prep: step(FROM.page_prep),
      page_resume: step(FROM.page_resume),
    };
  }

  /** The write may belong to a step that is recorded behind it, and then hides what the step came from. */
  private noteWrite(batch: ReplayBatch, row: number): void {
    const { columns: c } = batch;
    const gfn = gfnOf(batch, row);
    if (c.view[row] !== HOST || c.order[row] !== 0 || gfn >= MAX_FRAME || hasFailed(batch, row)) return;
    const table = this.scope.p2ms.find(c.domid[row], HOST);
    if (!table?.find(gfn)) return;
    const oldType = table.typeAt(gfn);
    if (!isPaging(oldType) && !isPaging(c.p2m_type[row])) return;
    const { data, at } = this.record(c.domid[row], gfn);
    data[at + OLD_TYPE] = oldType;
    data[at + OLD_SEQ] = table.foundSeq;
    data[at + WRITE_SEQ] = this.scope.now.seq;
  }

  private record(domid: number, gfn: number) {
    const records = this.writes.of(domid);
    const at = records.make(gfn);
    return { data: records.data, at };
  }

  private checkStep(batch: ReplayBatch, row: number, from: (type: number) => boolean): void {
    const domid = batch.columns.domid[row];
    const gfn = gfnOf(batch, row);
    const table = this.scope.p2ms.find(domid, HOST);
    if (!table?.find(gfn)) return;
    let type = table.typeAt(gfn);
    let before = table.foundSeq;
    const writes = this.writes.get(domid);
    const write = writes?.find(gfn) ?? -1;
    const last = this.lastStep(domid, gfn);
    if (writes !== undefined && write >= 0 && writes.data[write + WRITE_SEQ] === before && !(last > before)) {
      if (from(type) || from(writes.data[write + OLD_TYPE])) return;
      type = writes.data[write + OLD_TYPE];
      before = writes.data[write + OLD_SEQ];
    }
    if (from(type)) return;
    const { now, report } = this.scope;
    const mfn = mfnOf(batch, row) >= 0 ? mfnOf(batch, row) : table.foundMfn(gfn);
    const at = [Number.NaN, last >= 0 ? last : before, now.seq];
    report({
      breach: 'paging-state',
      detail: 'step',
      domid,
      gfn,
      mfn,
      old_type: type,
      kind: batch.columns.kind[row],
      at,
    });
  }

  /** The last paging event of the gfn, NaN for none. */
  private lastStep(domid: number, gfn: number): number {
    const states = this.scope.state.paging.states.get(domid);
    const at = states?.find(gfn) ?? -1;
    return states === undefined || at < 0 ? Number.NaN : states.data[at + PAGING_SEQ];
  }

  /** Others than the pager hold the page: nominate and evict must say -EBUSY. */
  private checkReferences(batch: ReplayBatch, row: number): void {
    const { now, state, p2ms, report } = this.scope;
    const domid = batch.columns.domid[row];
    const gfn = gfnOf(batch, row);
    const table = p2ms.find(domid, HOST);
    const mfn = mfnOf(batch, row) >= 0 ? mfnOf(batch, row) : table?.find(gfn) ? table.foundMfn(gfn) : -1;
    const slot = mfn < 0 ? 0 : slotOf(state.pages, mfn);
    const refs = state.facts?.refs;
    if (slot === 0 || refs === undefined) return;
    const count = references(state.pages, slot) - refs.referencesOf(slot, now.pcpu);
    if (!(count > 0)) return;
    const referenced = refs.lastReferenceOfOthers(slot, now.pcpu);
    // Those that were taken before the trace may be the pager's.
    const confidence = referenced >= 0 ? 'proven' : 'likely';
    const kind = batch.columns.kind[row];
    const at = [referenced, Number.NaN, now.seq];
    report({ breach: 'paging-state', detail: 'referenced', confidence, domid, gfn, mfn, count, kind, at });
  }

  readonly forget = (): void => this.writes.clear();
  readonly forgetDomain = (domid: number): void => this.writes.delete(domid);
}
