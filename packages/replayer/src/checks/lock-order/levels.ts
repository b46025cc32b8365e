import { isValid, MODE_READ } from '@p2mtrace/trace-format';
import type { MakeCheck } from '../check-scope.js';
import { heldColumns, innermostHold, lockColumns } from './held-locks.js';

/**
 * lock-order.level: Xen's own check fails, which sees what raised the pcpu's mm_lock_level (X§2.2).
 * lock-order.read-inversion: that check passes, but would not if read locks raised the level.
 */
export const lockLevels: MakeCheck = ({ state, now, report }) => {
  const { locks } = state;

  /** Innermost read lock of a higher level below `own` in the stack of the pcpu, -1 for none. */
  const higherRead = (pcpu: number, own: number, level: number): number => {
    const bottom = locks.bottom(pcpu);
    for (let i = own - 1; i >= bottom; i--) if (locks.heldLevel[i] > level && locks.heldMode[i] === MODE_READ) return i;
    return -1;
  };

  /** What raised the level of the pcpu to this. */
  const raiser = (pcpu: number, own: number, level: number): number =>
    innermostHold(locks, pcpu, i => locks.heldLevel[i] === level && locks.heldMode[i] !== MODE_READ, own - 1);

  return {
    after: {
      lock_acquire: (batch, row) => {
        const { columns: c, validity: v } = batch;
        const pcpu = c.pcpu[row];
        const level = c.level[row];
        const own = locks.innermost(pcpu);
        if (own <= locks.bottom(pcpu) || level === 0 || !isValid(v.level, row) || !isValid(v.pcpu, row)) return;
        const { violation, levelBefore, expectedDepth } = locks.check;
        // What the pcpu has for itself already may be taken again at any level.
        const read = violation || expectedDepth > 1 ? -1 : higherRead(pcpu, own, level);
        if (!violation && read < 0) return;
        const held = violation ? raiser(pcpu, own, levelBefore) : read;
        report({
          breach: violation ? 'level' : 'read-inversion',
          ...lockColumns(state, batch, row),
          ...heldColumns(state, held),
          ...(violation ? { held_level: levelBefore } : {}),
          at: [held < 0 ? -1 : locks.heldSeq[held], now.seq],
        });
      },
    },
  };
};
