import type { ReplayBatch } from '../../batch/replay-batch.js';
import { arg0Of, mfnOf } from '../../batch/row-values.js';
import { FrameRecords } from '../../memory/frame-records.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { framesOf } from '../../memory/order.js';
import { HOST } from '../../state/p2m-set.js';
import { MAX_PAGE_ORDER } from '../../tables/page-table.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { knowsCount, slotOf } from '../known-pages.js';
import { CALLER, FRAME_TOUCHED, isWrite, MFN, ORDER, type Section, WHAT } from '../section.js';

/** consistency.pod-accounting: the PoD cache has a page that it must not have, or counts wrong (X§5.1). */
export const podAccounting: MakeCheck = scope => new PodAccounting(scope);

class PodAccounting implements Check {
  private readonly scope: CheckScope;
  /** Of frames that an event put into a cache: its seq. Whether they still are there the state knows. */
  private readonly cachedSeq = new FrameRecords(1);
  /** Frames of the section at hand. */
  private readonly reported = new Set<number>();

  constructor(scope: CheckScope) {
    this.scope = scope;
  }

  readonly before = {
    pod_cache_add: (batch: ReplayBatch, row: number) => {
      this.checkCount(batch, row, 1);
      this.enter(batch, row);
    },
    pod_cache_get: (batch: ReplayBatch, row: number) => this.checkCount(batch, row, -1),
  };

  private checkCount(batch: ReplayBatch, row: number, sign: 1 | -1): void {
    const domid = batch.columns.domid[row];
    const pod = this.scope.state.pod.domains.get(domid);
    const count = arg0Of(batch, row);
    if (pod === undefined || Number.isNaN(pod.count) || Number.isNaN(count)) return;
    const expected = pod.count + sign * framesOf(batch.columns.order[row]);
    if (count === expected) return;
    const breach = 'pod-accounting';
    const at = [pod.countSeq, Number.NaN, Number.NaN, this.scope.now.seq];
    this.scope.report({ breach, detail: 'count', domid, mfn: mfnOf(batch, row), count, expected, at });
  }

  /** The frames enter a cache: none may be Xen's own; and by the end of the section none may be mapped. */
  private enter(batch: ReplayBatch, row: number): void {
    const order = batch.columns.order[row];
    const mfn = mfnOf(batch, row);
    if (mfn >= MAX_FRAME || order > MAX_PAGE_ORDER) return;
    const { now, state, sections, report } = this.scope;
    const end = mfn + framesOf(order);
    for (let frame = mfn; frame < end; frame++) {
      const at = this.cachedSeq.make(frame);
      this.cachedSeq.data[at] = now.seq;
    }
    sections.touch(mfn, order);
    for (let frame = mfn; frame < end; frame++) {
      const slot = slotOf(state.pages, frame);
      if (slot === 0 || !knowsCount(state.pages, slot) || !state.pages.isSpecial(slot)) continue;
      const domid = batch.columns.domid[row];
      const at = [Number.NaN, Number.NaN, state.pages.countSeq[slot], now.seq];
      report({ breach: 'pod-accounting', detail: 'special', domid, mfn: frame, order, at });
      return;
    }
  }

  /** Frames that entered a cache in the section, or that it mapped: none may be in a cache and in the host p2m. */
  readonly sectionEnd = (section: Section): void => {
    if (this.cachedSeq.size === 0) return;
    for (let at = 0; at < section.end; at += section.stride) {
      const { data } = section;
      const mfn = data[at + MFN];
      if (mfn < 0 || (!isWrite(data[at + WHAT]) && data[at + WHAT] !== FRAME_TOUCHED)) continue;
      const end = mfn + framesOf(data[at + ORDER]);
      for (let frame = mfn; frame < end; frame++) this.look(frame, section, data[at + CALLER]);
    }
    this.reported.clear();
  };

  private look(mfn: number, section: Section, caller: number): void {
    const { state, p2ms, report } = this.scope;
    const cached = state.pod.cache.find(mfn);
    const known = this.cachedSeq.find(mfn);
    if (cached < 0 || known < 0 || !state.reverse.isMapped(mfn) || this.reported.has(mfn)) return;
    const domid = state.pod.cache.data[cached];
    for (const { p2m, gfn } of state.reverse.mappings(mfn)) {
      const table = p2ms.tables[p2m];
      if (table.domid !== domid || table.view !== HOST || !table.find(gfn)) continue;
      this.reported.add(mfn);
      const { confidence, pcpu } = section;
      const at = [Number.NaN, table.foundSeq, Number.NaN, this.cachedSeq.data[known]];
      const p2m_type = table.typeAt(gfn);
      report({ breach: 'pod-accounting', detail: 'mapped', confidence, domid, gfn, mfn, p2m_type, pcpu, caller, at });
      return;
    }
  }

  readonly forget = (): void => {
    this.cachedSeq.clear();
  };
}
