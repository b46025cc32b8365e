import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { framesOf } from '../../memory/order.js';
import { HOST } from '../../state/p2m-set.js';
import { reclaimedMfn } from '../../state/pod-state.js';
import { MAX_PAGE_ORDER } from '../../tables/page-table.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { isFree, references, slotOf } from '../known-pages.js';
import { isRam, POPULATE_ON_DEMAND } from '../p2m-types.js';
import {
  CALLER,
  DOMID,
  ENTRY_REPLACED,
  GFN,
  isWrite,
  MFN,
  ORDER,
  SEQ,
  type Section,
  SINCE,
  TYPE,
  VIEW,
  WHAT,
} from '../section.js';

/**
 * consistency.pod-reclaim: a page goes back to PoD while somebody holds it, or is taken out of the p2m and goes
 * nowhere. An aborted reclaim puts the old mapping back (X§5.1; mail 0).
 */
export const podReclaim: MakeCheck = scope => new PodReclaim(scope);

class PodReclaim implements Check {
  private readonly scope: CheckScope;

  constructor(scope: CheckScope) {
    this.scope = scope;
  }

  readonly before = {
    pod_zero_reclaim: (batch: ReplayBatch, row: number) => this.reclaim(batch, row),
  };

  private reclaim(batch: ReplayBatch, row: number): void {
    const { now, state, report } = this.scope;
    const order = batch.columns.order[row];
    const mfn = reclaimedMfn(batch, row);
    if (mfn < 0 || mfn >= MAX_FRAME || order > MAX_PAGE_ORDER) return;
    const end = mfn + framesOf(order);
    for (let frame = mfn; frame < end; frame++) {
      const slot = slotOf(state.pages, frame);
      if (slot === 0 || !(references(state.pages, slot) > 0)) continue;
      const [domid, gfn, count] = [batch.columns.domid[row], gfnOf(batch, row), state.pages.count(slot)];
      const at = [state.pages.countSeq[slot], Number.NaN, now.seq];
      report({ breach: 'pod-reclaim', detail: 'referenced', domid, gfn, mfn: frame, order, count, at });
      return;
    }
  }

  readonly sectionEnd = (section: Section): void => {
    // A frame that another pcpu is given next may seem to be lost, where the order is a guess.
    if (!this.scope.isOrdered) return;
    for (let at = 0; at < section.end; at += section.stride) {
      const { data } = section;
      if (!isWrite(data[at + WHAT]) || data[at + TYPE] !== POPULATE_ON_DEMAND || data[at + VIEW] !== HOST) continue;
      // What a write replaced stands right before it.
      for (let old = at - section.stride; old >= 0 && data[old + SEQ] === data[at + SEQ]; old -= section.stride) {
        if (data[old + WHAT] === ENTRY_REPLACED && isRam(data[old + TYPE])) this.look(section, old);
      }
    }
  };

  /** The entry at `old` mapped frames that must be somewhere now. */
  private look(section: Section, old: number): void {
    const { data } = section;
    const mfn = data[old + MFN];
    if (mfn < 0) return;
    const end = mfn + framesOf(data[old + ORDER]);
    for (let frame = mfn; frame < end; frame++) {
      if (this.isSomewhere(frame, data[old + SINCE]) || wasMappedAgain(section, old, frame)) continue;
      this.scope.report({
        breach: 'pod-reclaim',
        detail: 'not-restored',
        confidence: section.confidence,
        pcpu: section.pcpu,
        domid: data[old + DOMID],
        gfn: data[old + GFN] + frame - mfn,
        mfn: frame,
        order: data[old + ORDER],
        caller: data[old + CALLER],
        at: [Number.NaN, data[old + SEQ]],
      });
      return;
    }
  }

  /** Reclaimed, mapped, or freed: since `since` at any time, as an entry may outlive its domain. */
  private isSomewhere(mfn: number, since: number): boolean {
    const { pod, reverse, pages } = this.scope.state;
    const slot = slotOf(pages, mfn);
    const isFreed = slot !== 0 && (isFree(pages, slot) || pages.lifeSeq[slot] > since);
    return pod.cache.find(mfn) >= 0 || reverse.isMapped(mfn) || isFreed;
  }
}

/** A write behind the change at `from` mapped the frame, whatever became of it since: a section without locks is long. */
function wasMappedAgain({ data, end, stride }: Section, from: number, mfn: number): boolean {
  for (let at = from; at < end; at += stride) {
    const offset = mfn - data[at + MFN];
    if (isWrite(data[at + WHAT]) && data[at + MFN] >= 0 && offset >= 0 && offset < framesOf(data[at + ORDER]))
      return true;
  }
  return false;
}
