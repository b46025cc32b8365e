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

  const judge = (batch: ReplayBatch, row: number) => {
    const { columns: c } = batch;
    const pcpu = c.pcpu[row];
    const level = c.level[row];
    const own = locks.innermost(pcpu);
    if (level === 0 || own <= locks.bottom(pcpu)) return;
    const { violation, levelBefore, expectedDepth } = locks.check;
    // What the pcpu has for itself already may be taken again at any level.
    if (!violation && expectedDepth > 1) return;
    const held = innermostHold(
      locks,
      pcpu,
      i => {
        const isRead = locks.heldMode[i] === MODE_READ;
        return violation ? !isRead && locks.heldLevel[i] === levelBefore : isRead && locks.heldLevel[i] > level;
      },
      own - 1,
    );
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
