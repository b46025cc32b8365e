import { FLAG } from '@p2mtrace/trace-format';
import type { Handlers } from '../../batch/handlers.js';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { HOST } from '../../state/p2m-set.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { slotOf } from '../known-pages.js';

/** A set_entry of a host p2m that failed. */
interface Failure {
  readonly seq: number;
  readonly pcpu: number;
  readonly domid: number;
  readonly gfn: number;
  readonly mfn: number;
  readonly order: number;
}

/** Failures that are remembered: an m2p_set that belongs to one follows soon. */
const MOST = 32;

/** consistency.m2p-after-failed-set: M2P says that a frame is where set_entry could not put it (X§8: XSA-22). */
export const m2pAfterFailedSet: MakeCheck = scope => new M2pAfterFailedSet(scope);

class M2pAfterFailedSet implements Check {
  private readonly scope: CheckScope;
  private failures: Failure[] = [];

  readonly before: Handlers;

  constructor(scope: CheckScope) {
    this.scope = scope;
    const handlers: Handlers = {
      set_entry: (batch, row) => {
        if (hasFailed(batch, row)) this.failed(batch, row);
      },
      m2p_set: (batch, row) => {
        if (this.failures.length > 0) this.set(batch, row);
      },
    };
    this.before = scope.records('m2p_set') ? handlers : {};
  }

  private failed(batch: ReplayBatch, row: number): void {
    const { domid, view, order } = batch.columns;
    const mfn = mfnOf(batch, row);
    if (mfn < 0 || view[row] !== HOST) return;
    const { seq, pcpu } = this.scope.now;
    if (this.failures.length === MOST) this.failures.shift();
    this.failures.push({ seq, pcpu, domid: domid[row], gfn: gfnOf(batch, row), mfn, order: order[row] });
  }

  private set(batch: ReplayBatch, row: number): void {
    const gfn = gfnOf(batch, row);
    const mfn = mfnOf(batch, row);
    if (gfn < 0 || (batch.columns.flags[row] & FLAG.shared) !== 0) return;
    const { now, state, p2ms, report } = this.scope;
    const failure = this.failures.findLast(({ pcpu, ...f }) => {
      return pcpu === now.pcpu && gfn - f.gfn === mfn - f.mfn && gfn >= f.gfn && gfn < f.gfn + 2 ** f.order;
    });
    if (failure === undefined) return;
    // Once for each failure: all its frames are in the same way.
    this.failures = this.failures.filter(other => other !== failure);
    const { domid } = failure;
    const table = p2ms.find(domid, HOST);
    if (table?.find(gfn) && table.foundMfn(gfn) === mfn) return;
    if (state.pages.lifeSeq[slotOf(state.pages, mfn)] > failure.seq) return;
    report({ breach: 'm2p-after-failed-set', domid, gfn, mfn, order: failure.order, at: [failure.seq, now.seq] });
  }

  readonly forget = (): void => {
    this.failures = [];
  };

  readonly forgetDomain = (domid: number): void => {
    this.failures = this.failures.filter(failure => failure.domid !== domid);
  };
}
