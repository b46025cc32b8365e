import type { MakeCheck } from '../check-scope.js';
import { VcpuSwitches } from './vcpu-switches.js';

/** lock-order.held-at-end: a lock is held when its pcpu runs another vcpu, or when the trace ends. */
export const lockHeld: MakeCheck = ({ state, now, report }) => {
  const { locks } = state;
  const switches = new VcpuSwitches();
  /** By pcpu: when it began to run another vcpu; what it held then was reported. */
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
      sched_switch: (batch, row) => {
        const pcpu = switches.left(batch, row);
        if (pcpu < 0) return;
        judge(pcpu, now.seq);
        reported[pcpu] = now.seq;
      },
    },
    end: () => {
      for (let pcpu = 0; pcpu < locks.pcpus; pcpu++) judge(pcpu, -1);
    },
    forget: pcpu => switches.forget(pcpu),
  };
};
