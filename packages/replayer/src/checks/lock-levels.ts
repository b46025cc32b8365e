import { isValid, MODE_READ } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../replay-batch.js';
import type { MakeCheck } from './check.js';
import { heldColumns, innermostHold, lockColumns } from './held-locks.js';

/**
 * lock-order.level: Xen's own check fails, which sees what raised the pcpu's mm_lock_level (X§2.2).
 * lock-order.read-inversion: that check passes, but would not if read locks raised the level.
 */
export const lockLevels: MakeCheck = ({ state, now, report }) => {
  const { locks } = state;

  /** Index in the stacks of the hold that raised the level to this; -1 for none that was seen. */
  const raisedTo = (level: number, pcpu: number, from: number) =>
    innermostHold(locks, pcpu, i => locks.heldMode[i] !== MODE_READ && locks.heldLevel[i] === level, from);

  /** The same of a read lock above the level. It is asked of nearly every acquisition, and so is a plain loop. */
  const readAbove = (level: number, pcpu: number, from: number) => {
    for (let i = from; i >= locks.bottom(pcpu); i--) {
      if (locks.heldMode[i] === MODE_READ && locks.heldLevel[i] > level) return i;
    }
    return -1;
  };

  const judge = (batch: ReplayBatch, row: number) => {
    const { columns: c } = batch;
    const pcpu = c.pcpu[row];
    const level = c.level[row];
    const own = locks.innermost(pcpu);
    if (level === 0 || own <= locks.bottom(pcpu)) return;
    const { violation, levelBefore, expectedDepth } = locks.check;
    // What the pcpu has for itself already may be taken again at any level.
    if (!violation && expectedDepth > 1) return;
    const held = violation ? raisedTo(levelBefore, pcpu, own - 1) : readAbove(level, pcpu, own - 1);
    if (!violation && held < 0) return;
    report({
      breach: violation ? 'level' : 'read-inversion',
      ...lockColumns(state, batch, row),
      ...heldColumns(state, held),
      ...(violation ? { held_level: levelBefore } : {}),
      at: [held < 0 ? -1 : locks.heldSeq[held], now.seq],
    });
  };

  return {
    after: {
      lock_acquire: (batch, row) => {
        const { validity: v } = batch;
        if (isValid(v.level, row) && isValid(v.pcpu, row)) judge(batch, row);
      },
    },
  };
};
