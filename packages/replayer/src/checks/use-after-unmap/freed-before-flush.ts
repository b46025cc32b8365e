import { FLAG, isValid } from '@p2mtrace/trace-format';
import type { Handlers } from '../../batch/handlers.js';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { arg0Of, gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { MAX_ENTRY_ORDER } from '../../state/p2m-set.js';
import { MAX_PAGE_ORDER } from '../../tables/page-table.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { FIRST_RESERVED_DOMID, ownerOf, slotOf } from '../known-pages.js';

/** Removals that a p2m is remembered to have had since its last flush. */
const MOST = 4096;

/** Frames that an entry no longer gives. */
interface Removal {
  readonly gfn: number;
  readonly mfn: number;
  readonly order: number;
  readonly seq: number;
}

/**
 * use-after-unmap.freed-before-flush: a frame is freed, or given away, after its entry went and before the TLB flush that
 * was put off (X§3.3).
 */
export const freedBeforeFlush: MakeCheck = scope => new FreedBeforeFlush(scope);

class FreedBeforeFlush implements Check {
  private readonly scope: CheckScope;
  /** By domid and view, as TlbState has them. */
  private readonly removed = new Map<number, Removal[]>();
  readonly before: Handlers = {};

  constructor(scope: CheckScope) {
    this.scope = scope;
    if (!scope.records('tlb_flush_deferred')) return;
    this.before = {
      set_entry: (batch, row) => this.write(batch, row),
      tlb_flush: ({ columns: c }, row) => {
        this.removed.delete(c.domid[row] * 0x1_0000 + c.view[row]);
      },
      page_free: (batch, row) => this.free(batch, row),
      owner_set: (batch, row) => this.give(batch, row),
    };
  }

  private write(batch: ReplayBatch, row: number): void {
    const { columns: c } = batch;
    const order = c.order[row];
    const gfn = gfnOf(batch, row);
    if (gfn >= MAX_FRAME || order > MAX_ENTRY_ORDER || hasFailed(batch, row) || (c.flags[row] & FLAG.attempt) !== 0)
      return;
    const key = c.domid[row] * 0x1_0000 + c.view[row];
    const table = this.scope.p2ms.find(c.domid[row], c.view[row]);
    const newMfn = mfnOf(batch, row);
    let removed = this.removed.get(key) ?? [];
    // What is mapped again need not be flushed.
    if (newMfn >= 0)
      removed = removed.filter(({ gfn: g, mfn }) => mfn - g !== newMfn - gfn || g < gfn || g >= gfn + 2 ** order);
    table?.forEachOverlap(gfn - (gfn % 2 ** order), order, leafGfn => {
      const first = Math.max(gfn, leafGfn);
      const mfn = table.foundMfn(first);
      if (mfn < 0 || (newMfn >= 0 && mfn - first === newMfn - gfn)) return;
      if (removed.length === MOST) removed.shift();
      removed.push({ gfn: first, mfn, order: Math.min(order, table.foundOrder), seq: this.scope.now.seq });
    });
    this.removed.set(key, removed);
  }

  private free(batch: ReplayBatch, row: number): void {
    const order = batch.columns.order[row];
    if (order <= MAX_PAGE_ORDER) this.judge(mfnOf(batch, row), order, false);
  }

  private give(batch: ReplayBatch, row: number): void {
    const { columns: c, validity: v } = batch;
    const { pages } = this.scope.state;
    const mfn = mfnOf(batch, row);
    const recorded = arg0Of(batch, row);
    const old = Number.isNaN(recorded) ? ownerOf(pages, slotOf(pages, mfn)) : recorded;
    if (!isValid(v.owner, row) || c.owner[row] >= FIRST_RESERVED_DOMID || old === c.owner[row]) return;
    this.judge(mfn, 0, true);
  }

  private judge(mfn: number, order: number, given: boolean): void {
    const { state, now, report } = this.scope;
    for (const [key, deferred] of state.tlb.deferred) {
      for (const removal of this.removed.get(key) ?? []) {
        // The first frame that both have.
        const frame = Math.max(mfn, removal.mfn);
        if (frame >= mfn + 2 ** order || frame >= removal.mfn + 2 ** removal.order) continue;
        report({
          breach: 'freed-before-flush',
          detail: given ? 'given' : 'freed',
          domid: Math.floor(key / 0x1_0000),
          view: key % 0x1_0000,
          gfn: removal.gfn + (frame - removal.mfn),
          mfn: frame,
          at: [deferred, removal.seq, given ? -1 : now.seq, given ? now.seq : -1],
        });
      }
    }
  }

  readonly forget = (): void => this.removed.clear();

  readonly forgetDomain = (domid: number): void => {
    for (const key of this.removed.keys()) if (Math.floor(key / 0x1_0000) === domid) this.removed.delete(key);
  };
}
