import { FLAG, isValid, MODE_MUTEX, MODE_READ, MODE_WRITE } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import type { MakeCheck } from '../check-scope.js';
import { innermostHold, lockColumns } from './held-locks.js';

/**
 * A pcpu takes what it holds. lock-order.not-recursive: a mutex by a variant that is not recursive, for which Xen
 * panics (X§2.2). lock-order.upgrade: for writing what it holds for reading, which waits for itself and for everybody
 * else who does the same (mail 2).
 */
export const lockAgain: MakeCheck = ({ state, now, report }) => {
  const { locks } = state;
  /** By pcpu: the lock whose upgrade was reported when the pcpu began to wait for it. */
  const waiting: number[] = [];

  const retaken = (batch: ReplayBatch, row: number, pcpu: number) => {
    const lock = batch.columns.lock[row];
    const held = innermostHold(locks, pcpu, i => locks.heldLock[i] === lock && locks.heldMode[i] !== MODE_READ);
    if (held < 0) return;
    report({ breach: 'not-recursive', ...lockColumns(state, batch, row), at: [locks.heldSeq[held], now.seq] });
  };

  const upgrade = (batch: ReplayBatch, row: number, pcpu: number): boolean => {
    const lock = batch.columns.lock[row];
    const isRead = (i: number) => locks.heldLock[i] === lock && locks.heldMode[i] === MODE_READ;
    const read = innermostHold(locks, pcpu, isRead);
    if (read < 0) return false;
    let other = -1;
    for (let p = 0; p < locks.pcpus && other < 0; p++) if (p !== pcpu) other = innermostHold(locks, p, isRead);
    report({
      breach: 'upgrade',
      confidence: other < 0 ? 'possible' : 'proven',
      ...lockColumns(state, batch, row),
      at: [locks.heldSeq[read], other < 0 ? -1 : locks.heldSeq[other], now.seq],
    });
    return true;
  };

  return {
    before: {
      lock_wait: (batch, row) => {
        const { columns: c, validity: v } = batch;
        if (c.mode[row] !== MODE_WRITE || !isValid(v.pcpu, row)) return;
        if (upgrade(batch, row, c.pcpu[row])) waiting[c.pcpu[row]] = c.lock[row];
      },
      lock_acquire: (batch, row) => {
        const { columns: c, validity: v } = batch;
        const pcpu = c.pcpu[row];
        if (locks.innermost(pcpu) < locks.bottom(pcpu) || !isValid(v.pcpu, row)) return;
        if (c.mode[row] === MODE_MUTEX && (c.flags[row] & FLAG.recursive) === 0) {
          if (locks.owner[c.lock[row]] === pcpu) retaken(batch, row, pcpu);
        } else if (c.mode[row] === MODE_WRITE && waiting[pcpu] !== c.lock[row]) {
          upgrade(batch, row, pcpu);
        }
        if (waiting.length > pcpu) waiting[pcpu] = -1;
      },
    },
    forget: () => {
      waiting.length = 0;
    },
  };
};
