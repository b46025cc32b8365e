import { isValid } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { arg0Of, mfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { framesOf } from '../../memory/order.js';
import { MAX_PAGE_ORDER } from '../../tables/page-table.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { FIRST_RESERVED_DOMID, ownerOf, slotOf } from '../known-pages.js';
import { isRam } from '../p2m-types.js';

/**
 * use-after-unmap.given-while-mapped: a frame goes to another domain while an entry of its former owner maps it. Whether
 * anybody uses that p2m again, the rule knows.
 */
export const givenWhileMapped: MakeCheck = scope => new GivenWhileMapped(scope);

class GivenWhileMapped implements Check {
  private readonly scope: CheckScope;

  constructor(scope: CheckScope) {
    this.scope = scope;
  }

  readonly before = {
    owner_set: (batch: ReplayBatch, row: number) => {
      const { columns: c, validity: v } = batch;
      const mfn = mfnOf(batch, row);
      const recorded = arg0Of(batch, row);
      const { pages } = this.scope.state;
      const old = Number.isNaN(recorded) ? ownerOf(pages, slotOf(pages, mfn)) : recorded;
      if (isValid(v.owner, row) && old >= 0) this.judge(mfn, c.owner[row], domid => domid === old);
    },
    page_alloc: (batch: ReplayBatch, row: number) => {
      const { columns: c, validity: v } = batch;
      const first = mfnOf(batch, row);
      if (!isValid(v.owner, row) || first >= MAX_FRAME || c.order[row] > MAX_PAGE_ORDER) return;
      const end = first + framesOf(c.order[row]);
      for (let mfn = first; mfn < end; mfn++) {
        // A frame of the heap was whose entry maps it as its own.
        if (this.scope.p2ms.reverse.isMapped(mfn)) this.judge(mfn, c.owner[row], domid => domid !== c.owner[row]);
      }
    },
  };

  private judge(mfn: number, owner: number, isFormer: (domid: number) => boolean): void {
    if (owner >= FIRST_RESERVED_DOMID) return;
    const { p2ms, now, report } = this.scope;
    for (const { p2m, gfn } of p2ms.reverse.mappings(mfn)) {
      const table = p2ms.tables[p2m];
      if (table.domid === owner || !isFormer(table.domid) || !table.find(gfn) || !isRam(table.typeAt(gfn))) continue;
      report({
        breach: 'given-while-mapped',
        mfn,
        domid: table.domid,
        view: table.view,
        gfn,
        p2m_type: table.typeAt(gfn),
        owner,
        at: [table.foundSeq, now.seq],
      });
    }
  }
}
