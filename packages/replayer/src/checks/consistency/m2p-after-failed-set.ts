import { FLAG } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { framesOf } from '../../memory/order.js';
import { HOST } from '../../state/p2m-set.js';
import { defineCheck } from '../check.js';
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

/** M2P says that a frame is where set_entry could not put it (XSA-22). */
export const m2pAfterFailedSet = defineCheck({
  rule: 'consistency.m2p-after-failed-set',
  ifRecorded: ['m2p_set'],
  make: ({ state: { pages }, p2ms, now, report, opportunities }) => {
    const counted = opportunities('failure');
    let failures: Failure[] = [];

    const failed = (batch: ReplayBatch, row: number) => {
      const { domid, view, order } = batch.columns;
      const mfn = mfnOf(batch, row);
      if (mfn < 0 || view[row] !== HOST) return;
      counted.count();
      const { seq, pcpu } = now;
      if (failures.length === MOST) failures.shift();
      failures.push({ seq, pcpu, domid: domid[row], gfn: gfnOf(batch, row), mfn, order: order[row] });
    };

    const set = (batch: ReplayBatch, row: number) => {
      const gfn = gfnOf(batch, row);
      const mfn = mfnOf(batch, row);
      if (gfn < 0 || (batch.columns.flags[row] & FLAG.shared) !== 0) return;
      const failure = failures.findLast(({ pcpu, ...f }) => {
        return pcpu === now.pcpu && gfn - f.gfn === mfn - f.mfn && gfn >= f.gfn && gfn < f.gfn + framesOf(f.order);
      });
      if (failure === undefined) return;
      // Once for each failure: all its frames are in the same way.
      failures = failures.filter(other => other !== failure);
      const { domid, order } = failure;
      const table = p2ms.find(domid, HOST);
      if (table?.find(gfn) && table.foundMfn(gfn) === mfn) return;
      if (pages.lifeSeq[slotOf(pages, mfn)] > failure.seq) return;
      report({ domid, gfn, mfn, order, at: { failed: failure.seq, m2p: now.seq } });
    };

    return {
      before: {
        set_entry: (batch, row) => {
          if (hasFailed(batch, row)) failed(batch, row);
        },
        m2p_set: (batch, row) => {
          if (failures.length > 0) set(batch, row);
        },
      },
      forget: () => {
        failures = [];
      },
      forgetDomain: domid => {
        failures = failures.filter(failure => failure.domid !== domid);
      },
    };
  },
});
