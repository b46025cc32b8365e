import { FLAG, getU53, isValid } from '@p2mtrace/trace-format';
import type { EventState } from '../batch/handlers.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { gfnOf, mfnOf, pcpuOf } from '../batch/row-values.js';
import { MAX_FRAME } from '../memory/frame-table.js';
import { domidOfKey, vcpuKey } from '../memory/keys.js';
import type { StateImage } from '../memory/state-image.js';
import { TranslationTable } from '../tables/translation-table.js';
import type { ReplayContext } from './replay-context.js';

/**
 * Which vcpu runs on each pcpu (docs/xen.md#who-runs-where), which view each vcpu uses, and which translations each
 * pcpu has outstanding.
 */
export class ContextState implements EventState {
  /** Running vcpu by pcpu, -1 for unknown. */
  readonly running: number[] = [];
  /** vcpu → index of its view. */
  readonly views = new Map<number, number>();
  readonly translations = new TranslationTable();
  private readonly context: ReplayContext;

  constructor(context: ReplayContext) {
    this.context = context;
  }

  readonly handlers = {
    put_gfn: (batch: ReplayBatch, row: number) => this.putGfn(batch, row),
    sched_switch: (batch: ReplayBatch, row: number) => this.schedSwitch(batch, row),
    view_switch: (batch: ReplayBatch, row: number) => this.switchView(batch, row),
    snapshot_vcpu: (batch: ReplayBatch, row: number) => this.snapshotVcpu(batch, row),
    snapshot_translation: (batch: ReplayBatch, row: number) => this.push(batch, row, Number.NaN),
  };

  private schedSwitch(batch: ReplayBatch, row: number): void {
    const pcpu = pcpuOf(batch, row);
    if (pcpu < 0) return;
    const vcpu = vcpuKey(batch.columns.domid[row], batch.columns.arg0[2 * row]);
    const runs = (batch.columns.arg1[2 * row] & 15) === 0;
    this.ready(pcpu);
    if (runs && this.running[pcpu] !== vcpu) {
      this.running[pcpu] = vcpu;
      this.translations.clear(pcpu);
      this.context.facts?.translations?.switchAway(pcpu);
    } else if (!runs && this.running[pcpu] === vcpu) {
      this.running[pcpu] = -1;
    }
  }

  /** Sets the view of the running vcpu, if it belongs to that domain. */
  private switchView(batch: ReplayBatch, row: number): void {
    const running = this.running[pcpuOf(batch, row)] ?? -1;
    const { domid, view } = batch.columns;
    if (running >= 0 && domidOfKey(running) === domid[row]) this.views.set(running, view[row]);
  }

  private snapshotVcpu(batch: ReplayBatch, row: number): void {
    const vcpu = vcpuKey(batch.columns.domid[row], batch.columns.arg0[2 * row]);
    const pcpu = pcpuOf(batch, row);
    if (pcpu >= 0) {
      this.ready(pcpu);
      this.running[pcpu] = vcpu;
    }
    if (isValid(batch.validity.view, row)) this.views.set(vcpu, batch.columns.view[row]);
  }

  /** A lookup that returns with the gfn's lock held is outstanding until its put_gfn. */
  lookup(batch: ReplayBatch, row: number): void {
    if ((batch.columns.flags[row] & FLAG.locked) !== 0) this.push(batch, row, this.context.now.seq);
  }

  private push(batch: ReplayBatch, row: number, seq: number): void {
    const pcpu = pcpuOf(batch, row);
    const gfn = gfnOf(batch, row);
    const mfn = mfnOf(batch, row);
    if (pcpu < 0 || gfn < 0 || gfn >= MAX_FRAME || mfn >= MAX_FRAME) return;
    this.translations.add(pcpu, batch.columns.domid[row], batch.columns.view[row], gfn, mfn, seq);
  }

  /** Ends the innermost outstanding translation of the gfn. */
  putGfn(batch: ReplayBatch, row: number): void {
    const { columns: c } = batch;
    const pcpu = pcpuOf(batch, row);
    const gfn = getU53(c.gfn, row);
    if (pcpu >= 0) this.translations.put(pcpu, c.domid[row], c.view[row], gfn);
    this.context.facts?.translations?.putGfn(c.domid[row], gfn);
  }

  private ready(pcpu: number): void {
    while (this.running.length <= pcpu) this.running.push(-1);
  }

  /** Loss: the vcpus on other pcpus still run there. */
  forget(pcpu: number): void {
    this.translations.forget();
    this.views.clear();
    if (pcpu < 0) this.running.fill(-1);
    else if (pcpu < this.running.length) this.running[pcpu] = -1;
  }

  forgetDomain(domid: number): void {
    for (const vcpu of this.views.keys()) if (domidOfKey(vcpu) === domid) this.views.delete(vcpu);
  }

  transfer(image: StateImage): void {
    image.numbers('running', this.running);
    image.map('views', this.views);
    image.part('translations', this.translations);
  }
}
