import type { Handlers } from '../../batch/handlers.js';
import { domidOf, hasFailed, ownerOf as ownerOfRow } from '../../batch/row-values.js';
import { withRoom } from '../../memory/frame-table.js';
import { ALLOCATED, COUNT_KNOWN } from '../../tables/page-table.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { forEachFrame, isFree, ownerOf, slotOf } from '../known-pages.js';

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
 * use-after-unmap.freed-while-mapped: a page is freed that an entry still maps, and that p2m is used later. A teardown
 * frees what the p2m still maps, and nobody uses it again. Where the trace does not tell of the domain's end, the next
 * to write an entry after all of its pages went is another domain with the same id.
 */
export const freedWhileMapped: MakeCheck = scope => new FreedWhileMapped(scope);

class FreedWhileMapped implements Check {
  private readonly scope: CheckScope;
  /** By domid: what was freed since its p2m was written last. */
  private readonly runs = new Map<number, Run>();
  readonly before: Handlers = {};

  constructor(scope: CheckScope) {
    this.scope = scope;
    if (!scope.records('page_free')) return;
    this.before.page_free = (batch, row) => {
      const owner = ownerOfRow(batch, row);
      forEachFrame(batch, row, mfn => this.freed(mfn, owner));
    };
    this.before.lookup = ({ columns }, row) => {
      const run = this.runs.get(columns.domid[row]);
      if (run !== undefined) run.usedSeq = scope.now.seq;
    };
    this.before.set_entry = (batch, row) => {
      const run = this.runs.get(batch.columns.domid[row]);
      if (run === undefined) return;
      run.usedSeq = scope.now.seq;
      if (!hasFailed(batch, row)) this.written(batch.columns.domid[row], run);
    };
    this.before.domain_destroy = (batch, row) => this.settle(domidOf(batch, row));
  }

  /** `owner`: as recorded, -1 for none. */
  private freed(mfn: number, owner: number): void {
    const { p2ms, state, now } = this.scope;
    const mapped = p2ms.stillMapped(mfn);
    if (mapped === undefined || state.health.wasDestroyed(mapped.domid)) return;
    const slot = slotOf(state.pages, mfn);
    let run = this.runs.get(mapped.domid);
    if (run === undefined) {
      run = new Run();
      this.runs.set(mapped.domid, run);
    }
    const at = run.add();
    run.data[at + MFN] = mfn;
    run.data[at + GENERATION] = state.pages.generation[slot];
    run.data[at + OWNER] = owner >= 0 ? owner : ownerOf(state.pages, slot);
    run.data[at + VIEW] = mapped.view;
    run.data[at + GFN] = mapped.gfn;
    run.data[at + MAPPED_SEQ] = mapped.seq;
    run.data[at + FREED_SEQ] = now.seq;
    run.data[at + FREED_PCPU] = now.pcpu;
  }

  /** An entry is written: what was freed before is a teardown, or a defect. */
  private written(domid: number, run: Run): void {
    const isTeardown = run.pages >= TEARDOWN_PAGES && !this.ownsPages(domid, run.lastFreed);
    if (isTeardown) this.runs.delete(domid);
    else this.settle(domid);
  }

  /** The domain still has a page that it had before that seq. */
  private ownsPages(domid: number, seq: number): boolean {
    const { pages } = this.scope.state;
    let owns = false;
    pages.forEach((_, slot) => {
      if (ownerOf(pages, slot) !== domid || isFree(pages, slot)) return;
      owns ||= (pages.state[slot] & (ALLOCATED | COUNT_KNOWN)) !== 0 && !(pages.lifeSeq[slot] >= seq);
    });
    return owns;
  }

  /** Nothing more is known of the domain's p2m: what was used after it was freed is a defect. */
  private settle(domid: number): void {
    const run = this.runs.get(domid);
    if (run === undefined) return;
    this.runs.delete(domid);
    const { data, usedSeq } = run;
    for (let at = 0; at < run.end && data[at + FREED_SEQ] < usedSeq; at += WIDTH) {
      this.scope.report({
        breach: 'freed-while-mapped',
        detail: data[at + OWNER] === domid ? 'own' : 'foreign',
        mfn: data[at + MFN],
        generation: data[at + GENERATION],
        owner: data[at + OWNER],
        domid,
        view: data[at + VIEW],
        gfn: data[at + GFN],
        pcpu: data[at + FREED_PCPU],
        caller: -1,
        at: [data[at + MAPPED_SEQ], data[at + FREED_SEQ], usedSeq],
      });
    }
  }

  readonly end = (): void => {
    for (const domid of [...this.runs.keys()]) this.settle(domid);
  };

  readonly forget = (): void => this.runs.clear();

  readonly forgetDomain = (domid: number): void => this.settle(domid);
}

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
