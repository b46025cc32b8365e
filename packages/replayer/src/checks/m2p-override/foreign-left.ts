import { FLAG, KIND, KINDS } from '@p2mtrace/trace-format';
import type { Handlers } from '../../batch/handlers.js';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import type { BreachConfidence } from '../../facts/breach-names.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { isForeign, overridesOf } from './linux-frames.js';

const K_PHYS_TO_MACHINE_SET = KIND.phys_to_machine_set;

/** A removal after which the frontend's pfn should not be FOREIGN any more. */
interface Pending {
  readonly domid: number;
  readonly gfn: number;
  readonly mfn: number;
  readonly pcpu: number;
  readonly caller: number;
  readonly foreignSet: number;
  readonly removed: number;
}

/** m2p-override.foreign-left: the last override of an mfn is gone, and the frontend's pfn stays FOREIGN (X§7, mail 3). */
export const foreignLeft: MakeCheck = scope => new ForeignLeft(scope);

class ForeignLeft implements Check {
  private readonly scope: CheckScope;
  /** By domain and mfn, as text: pfns that were made FOREIGN(mfn) by an event of its own, with its seq. */
  private readonly foreign = new Map<string, Map<number, number>>();
  private pending: Pending[] = [];
  readonly before: Handlers;

  constructor(scope: CheckScope) {
    this.scope = scope;
    // Whatever its pcpu does next decides of a removal.
    const next = (batch: ReplayBatch, row: number) => {
      if (this.pending.length > 0) this.decide(batch, row);
    };
    const removes = scope.records('m2p_override_remove');
    this.before = removes ? Object.fromEntries(KINDS.map(({ name }) => [name, next])) : {};
  }

  readonly after = {
    phys_to_machine_set: (batch: ReplayBatch, row: number) => {
      const gfn = gfnOf(batch, row);
      const mfn = mfnOf(batch, row);
      if ((batch.columns.flags[row] & FLAG.foreign) === 0 || mfn < 0 || mfn >= MAX_FRAME || gfn >= MAX_FRAME) return;
      const name = `${batch.columns.domid[row]} ${mfn}`;
      const pfns = this.foreign.get(name) ?? new Map<number, number>();
      this.foreign.set(name, pfns.set(gfn, this.scope.now.seq));
    },
    m2p_override_remove: (batch: ReplayBatch, row: number) => {
      const mfn = mfnOf(batch, row);
      const domid = batch.columns.domid[row];
      const { state, now } = this.scope;
      if (hasFailed(batch, row) || overridesOf(state.linux, domid, mfn).length > 0) return;
      const name = `${domid} ${mfn}`;
      for (const [gfn, foreignSet] of this.foreign.get(name) ?? []) {
        if (!isForeign(state.linux, domid, gfn, mfn)) continue;
        const caller = state.facts?.site() ?? -1;
        this.pending.push({ domid, gfn, mfn, pcpu: now.pcpu, caller, foreignSet, removed: now.seq });
      }
      this.foreign.delete(name);
    },
  };

  private decide(batch: ReplayBatch, row: number): void {
    const { pcpu } = this.scope.now;
    if (batch.columns.kind[row] === K_PHYS_TO_MACHINE_SET) return;
    for (const pending of this.pending) if (pending.pcpu === pcpu) this.report(pending, 'proven');
    this.pending = this.pending.filter(pending => pending.pcpu !== pcpu);
  }

  private report({ domid, gfn, mfn, pcpu, caller, foreignSet, removed }: Pending, confidence: BreachConfidence): void {
    if (!isForeign(this.scope.state.linux, domid, gfn, mfn)) return;
    this.scope.report({ breach: 'foreign-left', confidence, domid, gfn, mfn, pcpu, caller, at: [foreignSet, removed] });
  }

  readonly end = (): void => {
    for (const pending of this.pending) this.report(pending, 'possible');
  };

  readonly forget = (): void => {
    this.foreign.clear();
    this.pending = [];
  };

  readonly forgetDomain = (domid: number): void => {
    this.pending = this.pending.filter(pending => pending.domid !== domid);
    for (const name of this.foreign.keys()) if (name.startsWith(`${domid} `)) this.foreign.delete(name);
  };
}
