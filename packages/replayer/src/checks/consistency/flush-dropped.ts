import { isP2mLevel } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { domidOfKey, p2mKey, viewOfKey } from '../../memory/keys.js';
import { holdsP2mLock } from '../../state/lock-state.js';
import { defineCheck } from '../check.js';

/** A flush that a pcpu put off under a p2m lock, by its p2m. */
interface Due {
  readonly key: number;
  readonly deferred: number;
  /** Since when the lock is dropped, -1 before. */
  unlocked: number;
  caller: number;
}

/**
 * A flush is put off until the outermost unlock, and is not done then: p2m_unlock_and_tlb_flush() flushes right behind it
 * (xen/arch/x86/mm/p2m.c).
 */
export const flushDropped = defineCheck({
  rule: 'consistency.flush-dropped',
  ifRecorded: ['tlb_flush_deferred'],
  make: ({ state: { locks }, now, site, records, report, opportunities }) => {
    const unlocks = opportunities('unlock');
    // Without flushes or locks nobody can tell what is missing.
    if (!records('tlb_flush') || !records('lock_release')) return {};
    /** By pcpu; `size` is of all. */
    const due: Due[][] = [];
    let size = 0;

    const isOf = ({ columns: c }: ReplayBatch, row: number) => {
      const key = p2mKey(c.domid[row], c.view[row]);
      return (one: Due) => one.key === key;
    };

    const remove = (of: Due[], at: number) => {
      of.splice(at, 1);
      size--;
    };

    /** What the pcpu does next shows that it has left the unlocking without a flush. */
    const next = () => {
      const mine = size === 0 ? undefined : due[now.pcpu];
      if (mine === undefined) return;
      for (let i = mine.length - 1; i >= 0; i--) {
        const { key, deferred, unlocked, caller } = mine[i];
        if (unlocked < 0) continue;
        remove(mine, i);
        const at = { deferred, unlocked, next: now.seq };
        report({ domid: domidOfKey(key), view: viewOfKey(key), caller, at });
      }
    };

    return {
      before: { lock_acquire: next, lock_wait: next, sched_switch: next },
      after: {
        tlb_flush_deferred: (batch, row) => {
          if (now.pcpu < 0 || !holdsP2mLock(locks, now.pcpu)) return;
          due[now.pcpu] ??= [];
          const mine = due[now.pcpu];
          if (mine.some(isOf(batch, row))) return;
          const { columns: c } = batch;
          mine.push({ key: p2mKey(c.domid[row], c.view[row]), deferred: now.seq, unlocked: -1, caller: -1 });
          size++;
        },
        tlb_flush: (batch, row) => {
          if (size === 0) return;
          for (const of of due) {
            const at = of?.findIndex(isOf(batch, row)) ?? -1;
            if (at >= 0) remove(of, at);
          }
        },
        lock_release: ({ columns }, row) => {
          const mine = size === 0 ? undefined : due[now.pcpu];
          if (mine === undefined || !isP2mLevel(columns.level[row]) || holdsP2mLock(locks, now.pcpu)) return;
          for (const one of mine) {
            if (one.unlocked >= 0) continue;
            unlocks.count();
            one.unlocked = now.seq;
            one.caller = site();
          }
        },
      },
      forget: () => {
        due.length = 0;
        size = 0;
      },
      forgetDomain: domid => {
        for (const of of due) {
          for (let i = (of?.length ?? 0) - 1; i >= 0; i--) if (domidOfKey(of[i].key) === domid) remove(of, i);
        }
      },
    };
  },
});
