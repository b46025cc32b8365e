import { isValid } from '@p2mtrace/trace-format';
import { vcpuKey } from '../context-state.js';
import type { MakeCheck } from './check.js';

/** lock-order.held-at-end: a lock is held when its pcpu runs another vcpu, or when the trace ends. */
export const lockHeld: MakeCheck = ({ state, now, report }) => {
  const { locks } = state;
  /** By pcpu: the vcpu that it ran last, and when it began to run another; what it held then was reported. */
  const vcpus: number[] = [];
  const reported: number[] = [];

  const judge = (pcpu: number, switched: number) => {
    const before = reported[pcpu] ?? -1;
    const seen = new Set<number>();
    for (let i = locks.bottom(pcpu); i <= locks.innermost(pcpu); i++) {
      const lock = locks.heldLock[i];
      if (seen.has(lock) || locks.heldSeq[i] < before) continue;
      seen.add(lock);
      report({
        breach: 'held-at-end',
        confidence: switched < 0 ? 'possible' : 'proven',
        lock,
        lock_class: state.facts?.locks.classOf(lock) ?? -1,
        pcpu,
        caller: locks.heldCaller[i],
        at: [locks.heldSeq[i], switched],
      });
    }
  };

  return {
    before: {
      sched_switch: ({ columns: c, validity: v }, row) => {
        const runs = (c.arg1[2 * row] & 15) === 0;
        if (!runs || !isValid(v.pcpu, row)) return;
        const pcpu = c.pcpu[row];
        const vcpu = vcpuKey(c.domid[row], c.arg0[2 * row]);
        const last = vcpus[pcpu];
        vcpus[pcpu] = vcpu;
        if (last === undefined || last < 0 || last === vcpu) return;
        judge(pcpu, now.seq);
        reported[pcpu] = now.seq;
      },
    },
    end: () => {
      for (let pcpu = 0; pcpu < locks.pcpus; pcpu++) judge(pcpu, -1);
    },
    forget: pcpu => {
      if (pcpu < 0) vcpus.fill(-1);
      else vcpus[pcpu] = -1;
    },
  };
};
