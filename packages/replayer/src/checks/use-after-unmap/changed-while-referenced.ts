import { FLAG } from '@p2mtrace/trace-format';
import type { Handlers } from '../../batch/handlers.js';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { MAX_ENTRY_ORDER } from '../../state/p2m-set.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { references, slotOf } from '../known-pages.js';
import { typeSet } from '../p2m-types.js';

const isLogDirty = typeSet('ram_rw', 'ram_logdirty');

/**
 * use-after-unmap.changed-while-referenced: an entry gets another frame or type while somebody else than the pcpu that
 * changes it has references on the old frame; log-dirty is the exception (mail 0, third rule). A policy: it looks at
 * nothing unless it is asked to.
 */
export const changedWhileReferenced: MakeCheck = scope => new ChangedWhileReferenced(scope);

class ChangedWhileReferenced implements Check {
  private readonly scope: CheckScope;
  readonly before: Handlers = {};

  constructor(scope: CheckScope) {
    this.scope = scope;
    if (!scope.options.policies?.includes('changed-while-referenced')) return;
    this.before.set_entry = (batch, row) => this.write(batch, row);
  }

  private write(batch: ReplayBatch, row: number): void {
    const { columns: c } = batch;
    const order = c.order[row];
    const gfn = gfnOf(batch, row);
    if (gfn >= MAX_FRAME || order > MAX_ENTRY_ORDER) return;
    if (hasFailed(batch, row) || (c.flags[row] & FLAG.attempt) !== 0) return;
    const newMfn = mfnOf(batch, row);
    const table = this.scope.p2ms.find(c.domid[row], c.view[row]);
    const start = gfn - (gfn % 2 ** order);
    table?.forEachOverlap(start, order, leafGfn => {
      const first = Math.max(start, leafGfn);
      const mfn = table.foundMfn(first);
      const type = table.typeAt(first);
      const isSameType = type === c.p2m_type[row] || (isLogDirty(type) && isLogDirty(c.p2m_type[row]));
      if (mfn < 0 || (newMfn >= 0 && mfn - first === newMfn - start && isSameType)) return;
      const frames = 2 ** Math.min(order, table.foundOrder);
      for (let i = 0; i < frames; i++) this.judge(c.domid[row], c.view[row], first + i, mfn + i);
    });
  }

  private judge(domid: number, view: number, gfn: number, mfn: number): void {
    const { state, now, report } = this.scope;
    const { pages, facts } = state;
    const slot = slotOf(pages, mfn);
    const held = slot === 0 ? 0 : references(pages, slot);
    if (!(held > 0)) return;
    let own = 0;
    let referenced = -1;
    facts?.refs?.forEachReference(slot, (pcpu, seq) => {
      if (pcpu === now.pcpu) own++;
      else referenced = Math.max(referenced, seq);
    });
    if (held <= own) return;
    const count = pages.count(slot);
    const at = [referenced, now.seq];
    report({ breach: 'changed-while-referenced', confidence: 'possible', domid, view, gfn, mfn, count, at });
  }
}
