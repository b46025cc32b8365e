import { isValid, MODE_READ, MODE_WRITE } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { holdsNothing, innermostHold } from '../../tables/held-locks.js';
import { defineCheck } from '../check.js';
import { heldSince, lockColumns } from './lock-columns.js';

/**
 * A pcpu takes for writing what it holds for reading: it waits for itself, and for everybody else who does the same.
 */
export const upgrade = defineCheck({
  rule: 'lock-order.upgrade',
  make: ({ state: { locks }, now, lockFacts, report, opportunities }) => {
    const acquisitions = opportunities('acquire');
    /** By pcpu: the lock whose upgrade was reported when the pcpu began to wait for it. */
    const waiting: number[] = [];
    let wanted = -1;
    const isRead = (i: number) => locks.heldLock[i] === wanted && locks.heldMode[i] === MODE_READ;

    const judge = (batch: ReplayBatch, row: number, pcpu: number): boolean => {
      wanted = batch.columns.lock[row];
      const read = innermostHold(locks, pcpu, isRead);
      if (read < 0) return false;
      let other = -1;
      for (let p = 0; p < locks.pcpus && other < 0; p++) if (p !== pcpu) other = innermostHold(locks, p, isRead);
      report({
        confidence: other < 0 ? 'possible' : 'proven',
        ...lockColumns(lockFacts, batch, row),
        at: { read: heldSince(locks, read), other_read: heldSince(locks, other), wanted: now.seq },
      });
      return true;
    };

    return {
      before: {
        lock_wait: (batch, row) => {
          const { columns: c, validity: v } = batch;
          if (c.mode[row] !== MODE_WRITE || !isValid(v.pcpu, row)) return;
          if (judge(batch, row, c.pcpu[row])) waiting[c.pcpu[row]] = c.lock[row];
        },
        lock_acquire: (batch, row) => {
          const { columns: c, validity: v } = batch;
          const pcpu = c.pcpu[row];
          if (c.mode[row] === MODE_WRITE) acquisitions.count();
          if (holdsNothing(locks, pcpu) || !isValid(v.pcpu, row)) return;
          if (c.mode[row] === MODE_WRITE && waiting[pcpu] !== c.lock[row]) judge(batch, row, pcpu);
          if (waiting.length > pcpu) waiting[pcpu] = -1;
        },
      },
      forget: () => {
        waiting.length = 0;
      },
    };
  },
});
