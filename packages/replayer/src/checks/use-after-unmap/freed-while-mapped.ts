import type { ReplayBatch } from '../../batch/replay-batch.js';
import { domidOf, hasFailed, ownerOf as ownerOfRow } from '../../batch/row-values.js';
import { withRoom } from '../../memory/frame-table.js';
import { ALLOCATED, COUNT_KNOWN } from '../../tables/page-table.js';
import { defineCheck } from '../check.js';
import { forEachFrame } from '../frames.js';
import { isFree, ownerOf, slotOf } from '../known-pages.js';

/** As many pages that go at once, with none left, are a domain's teardown. */
const TEARDOWN_PAGES = 64;

/** Of a page that was freed while an entry mapped it. */
const MFN = 0;
const GENERATION = 1;
const OWNER = 2;
const VIEW = 3;
const GFN = 4;
const MAPPED_SEQ = 5;
const FREED_SEQ = 6;
const FREED_PCPU = 7;
const WIDTH = 8;

/**
 * A page is freed that an entry still maps, and that p2m is used later. A teardown frees what the p2m still maps, and
 * nobody uses it again. Where the trace does not tell of the domain's end, the next to write an entry after all of its
 * pages went is another domain with the same id.
 */
export const freedWhileMapped = defineCheck({
  rule: 'use-after-unmap.freed-while-mapped',
  ifRecorded: ['page_free'],
  make: ({ state, p2ms, now, report, opportunities }) => {
    const frees = opportunities('free');
    const { pages, health } = state;
    /** By domid: what was freed since its p2m was written last. */
    const runs = new Map<number, Run>();

    const freed = (mfn: number, batch: ReplayBatch, row: number) => {
      // A breach is told when its p2m is used again, by somebody else.
      frees.countAt(-1);
      const mapped = p2ms.stillMapped(mfn);
      if (mapped === undefined || health.wasDestroyed(mapped.domid)) return;
      const slot = slotOf(pages, mfn);
      const owner = ownerOfRow(batch, row);
      let run = runs.get(mapped.domid);
      if (run === undefined) {
        run = new Run();
        runs.set(mapped.domid, run);
      }
      const at = run.add();
      run.data[at + MFN] = mfn;
      run.data[at + GENERATION] = pages.generation[slot];
      run.data[at + OWNER] = owner >= 0 ? owner : ownerOf(pages, slot);
      run.data[at + VIEW] = mapped.view;
      run.data[at + GFN] = mapped.gfn;
      run.data[at + MAPPED_SEQ] = mapped.seq;
      run.data[at + FREED_SEQ] = now.seq;
      run.data[at + FREED_PCPU] = now.pcpu;
    };

    /** An entry is written: what was freed before is a teardown, or a defect. */
    const written = (domid: number, run: Run) => {
      const isTeardown = run.pages >= TEARDOWN_PAGES && !ownsPages(domid, run.lastFreed);
      if (isTeardown) runs.delete(domid);
      else settle(domid);
    };

    /** The domain still has a page that it had before that seq. */
    const ownsPages = (domid: number, seq: number) => {
      let owns = false;
      pages.forEach((_, slot) => {
        if (ownerOf(pages, slot) !== domid || isFree(pages, slot)) return;
        owns ||= (pages.state[slot] & (ALLOCATED | COUNT_KNOWN)) !== 0 && !(pages.lifeSeq[slot] >= seq);
      });
      return owns;
    };

    /** Nothing more is known of the domain's p2m: what was used after it was freed is a defect. */
    const settle = (domid: number) => {
      const run = runs.get(domid);
      if (run === undefined) return;
      runs.delete(domid);
      const { data, usedSeq } = run;
      for (let at = 0; at < run.end && data[at + FREED_SEQ] < usedSeq; at += WIDTH) {
        report({
          detail: data[at + OWNER] === domid ? 'own' : 'foreign',
          mfn: data[at + MFN],
          generation: data[at + GENERATION],
          owner: data[at + OWNER],
          domid,
          view: data[at + VIEW],
          gfn: data[at + GFN],
          pcpu: data[at + FREED_PCPU],
          caller: -1,
          at: { mapped: data[at + MAPPED_SEQ], freed: data[at + FREED_SEQ], p2m_used_later: usedSeq },
        });
      }
    };

    return {
      before: {
        page_free: (batch, row) => forEachFrame(batch, row, freed),
        lookup: ({ columns }, row) => {
          const run = runs.get(columns.domid[row]);
          if (run !== undefined) run.usedSeq = now.seq;
        },
        set_entry: (batch, row) => {
          const run = runs.get(batch.columns.domid[row]);
          if (run === undefined) return;
          run.usedSeq = now.seq;
          if (!hasFailed(batch, row)) written(batch.columns.domid[row], run);
        },
        domain_destroy: (batch, row) => settle(domidOf(batch, row)),
      },
      end: () => {
        for (const domid of [...runs.keys()]) settle(domid);
      },
      forget: () => runs.clear(),
      forgetDomain: settle,
    };
  },
});

/** Pages of one p2m that were freed while it mapped them, in their order. */
class Run {
  data = new Float64Array(8 * WIDTH);
  end = 0;
  /** The last lookup or set_entry there since the first was freed, NaN for none. */
  usedSeq = Number.NaN;

  /** Where the next one goes. */
  add(): number {
    const at = this.end;
    this.end += WIDTH;
    this.data = withRoom(this.data, this.end);
    return at;
  }

  get pages(): number {
    return this.end / WIDTH;
  }

  get lastFreed(): number {
    return this.data[this.end - WIDTH + FREED_SEQ];
  }
}
