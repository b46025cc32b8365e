import { isValid } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { vcpuKey } from '../memory/keys.js';

/** Tells of each sched_switch whether its pcpu goes on to another vcpu, for checks of what it leaves behind. */
export class VcpuSwitches {
  /** By pcpu: the vcpu that it ran last, running or not; -1 for unknown. */
  private readonly vcpus: number[] = [];

  /** pcpu that runs another vcpu than before, -1 where it does not, or nobody knows. */
  left({ columns: c, validity: v }: ReplayBatch, row: number): number {
    const runs = (c.arg1[2 * row] & 15) === 0;
    if (!runs || !isValid(v.pcpu, row)) return -1;
    const pcpu = c.pcpu[row];
    const last = this.vcpus[pcpu] ?? -1;
    this.vcpus[pcpu] = vcpuKey(c.domid[row], c.arg0[2 * row]);
    return last < 0 || last === this.vcpus[pcpu] ? -1 : pcpu;
  }

  /** Loss on a pcpu, -1 for any. */
  forget(pcpu: number): void {
    if (pcpu < 0) this.vcpus.fill(-1);
    else this.vcpus[pcpu] = -1;
  }
}
