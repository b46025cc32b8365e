import { isValid, MODE_EXTERNAL, MODE_READ } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { withRoom } from '../../memory/frame-table.js';
import type { MakeCheck } from '../check-scope.js';
import { heldColumns, innermostHold, lockColumns } from './held-locks.js';

/**
 * Releases that Xen's bookkeeping does not survive (X§2.2): lock-order.release-not-held, of a lock that is free since
 * its last release; .release-elsewhere, of one that another pcpu holds; .out-of-order-release, which leaves a wrong
 * level behind.
 */
export const lockRelease: MakeCheck = ({ state, now, report }) => {
  const { locks } = state;
  /** By lock: seq of its last release, NaN for none. */
  let released = new Float64Array(64).fill(Number.NaN);

  const holdOf = (pcpu: number, lock: number, isRead: boolean) =>
    innermostHold(locks, pcpu, i => locks.heldLock[i] === lock && (locks.heldMode[i] === MODE_READ) === isRead);

  const judgeForeign = (batch: ReplayBatch, row: number, isRead: boolean) => {
    const lock = batch.columns.lock[row];
    const owner = locks.owner[lock];
    if (owner >= 0) {
      // A reader's release says nothing of who writes.
      const held = isRead ? -1 : holdOf(owner, lock, false);
      if (held < 0) return;
      report({ breach: 'release-elsewhere', ...lockColumns(state, batch, row), at: [locks.heldSeq[held], now.seq] });
    } else if (locks.depth[lock] === 0 && !isHeld(lock)) {
      report({ breach: 'release-not-held', ...lockColumns(state, batch, row), at: [released[lock], now.seq] });
    }
  };

  const isHeld = (lock: number) => {
    for (let pcpu = 0; pcpu < locks.pcpus; pcpu++) {
      if (innermostHold(locks, pcpu, i => locks.heldLock[i] === lock) >= 0) return true;
    }
    return false;
  };

  /** The last release, while a lock that the pcpu took later has its level still. */
  const judgeOrder = (batch: ReplayBatch, row: number, pcpu: number, own: number) => {
    const { columns: c } = batch;
    const lock = c.lock[row];
    if (locks.heldLevel[own] === 0 || locks.depth[lock] > 1 || c.mode[row] === MODE_EXTERNAL) return;
    for (let i = own + 1; i <= locks.innermost(pcpu); i++) {
      const mode = locks.heldMode[i];
      if (locks.heldLock[i] === lock || locks.heldLevel[i] === 0 || mode === MODE_READ || mode === MODE_EXTERNAL)
        continue;
      report({
        breach: 'out-of-order-release',
        ...lockColumns(state, batch, row),
        ...heldColumns(state, i),
        at: [locks.heldSeq[own], locks.heldSeq[i], now.seq],
      });
      return;
    }
  };

  return {
    before: {
      lock_release: (batch, row) => {
        const { columns: c, validity: v } = batch;
        if (!isValid(v.pcpu, row)) return;
        const pcpu = c.pcpu[row];
        const lock = c.lock[row];
        const isRead = c.mode[row] === MODE_READ;
        const last = locks.innermost(pcpu);
        // As nearly always: the innermost goes first.
        if (
          last < locks.bottom(pcpu) ||
          locks.heldLock[last] !== lock ||
          (locks.heldMode[last] === MODE_READ) !== isRead
        ) {
          const own = holdOf(pcpu, lock, isRead);
          if (own < 0) judgeForeign(batch, row, isRead);
          else if (!isRead) judgeOrder(batch, row, pcpu, own);
        }
        if (lock >= released.length) {
          const known = released.length;
          released = withRoom(released, lock + 1).fill(Number.NaN, known);
        }
        released[lock] = now.seq;
      },
    },
  };
};
