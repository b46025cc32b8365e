import { forEachHold, holdsNothing } from '../../tables/held-locks.js';
import { defineCheck } from '../check.js';
import { VcpuSwitches } from '../vcpu-switches.js';

/** A lock is held when its pcpu runs another vcpu, or when the trace ends. */
export const heldAtEnd = defineCheck({
  rule: 'lock-order.held-at-end',
  make: ({ state: { locks }, now, lockFacts, report, opportunities }) => {
    const acquisitions = opportunities('acquire');
    const switches = new VcpuSwitches();
    /** By pcpu: when it began to run another vcpu; what it held then was reported. */
    const reported: number[] = [];

    const judge = (pcpu: number, switched: number) => {
      const before = reported[pcpu] ?? -1;
      const seen = new Set<number>();
      forEachHold(locks, pcpu, i => {
        const lock = locks.heldLock[i];
        if (seen.has(lock) || locks.heldSeq[i] < before) return;
        seen.add(lock);
        report({
          confidence: switched < 0 ? 'possible' : 'proven',
          lock,
          lock_class: lockFacts.classOf(lock),
          pcpu,
          caller: locks.heldCaller[i],
          at: { acquired: locks.heldSeq[i], switched },
        });
      });
    };

    return {
      after: { lock_acquire: () => acquisitions.count() },
      before: {
        sched_switch: (batch, row) => {
          const pcpu = switches.left(batch, row);
          if (pcpu < 0) return;
          if (!holdsNothing(locks, pcpu)) judge(pcpu, now.seq);
          reported[pcpu] = now.seq;
        },
      },
      end: () => {
        for (let pcpu = 0; pcpu < locks.pcpus; pcpu++) judge(pcpu, -1);
      },
      forget: pcpu => switches.forget(pcpu),
    };
  },
});
