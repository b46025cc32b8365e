import { DOMID_FIRST_RESERVED, isValid } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { domidOf, gfnOf, hasFailed, mfnOf, ownerOf as ownerOfRow } from '../../batch/row-values.js';
import { isUse } from '../../facts/translation-facts.js';
import { FrameRecords } from '../../memory/frame-records.js';
import { domidOfKey } from '../../memory/keys.js';
import { alignDown, framesOf } from '../../memory/order.js';
import { ALLOCATED, COUNT_KNOWN } from '../../tables/page-table.js';
import { defineCheck } from '../check.js';
import { tookPlace } from '../entry-writes.js';
import { forEachFrame } from '../frames.js';
import { formerOwner, isAllocated, isFree, knowsCount, ownerOf, slotOf } from '../known-pages.js';
import { DOMID, ENTRY_FAILED, isWrite, type Section, WHAT } from '../section.js';
import {
  FREED_PCPU,
  FREED_SEQ,
  GENERATION,
  GFN,
  IS_DEFECT,
  LEFT_SEQ,
  MAPPED_SEQ,
  MAY_BE_GONE,
  MappedFrees,
  MFN,
  OWNER,
  VIEW,
  WIDTH,
} from './mapped-frees.js';

/** As many pages that go at once, with none left, are a domain's teardown. */
const TEARDOWN_PAGES = 64;
/** Freed pages, the last ones, of which the entry may have gone before, though that is recorded behind. */
const RECENT = 64;

/**
 * A page is freed that an entry still maps, in a domain that lives. A teardown frees what the p2m still maps, and no
 * event need say that one has begun. So the domain has to show that it lives on: it gets a page, an entry that maps one,
 * or uses one; one of its vcpus runs; or its p2m is looked at, and gives a frame. Or the way in which the page was freed
 * is none of a teardown's: with the allocation's own reference still there, or in a section that goes on to leave the
 * entry in that p2m.
 * Where domain_dying is recorded, nothing is left to guess: before it the domain lives, behind it a teardown frees.
 */
export const freedWhileMapped = defineCheck({
  rule: 'use-after-unmap.freed-while-mapped',
  ifRecorded: ['page_free'],
  make: ({ state, p2ms, now, sections, isSurelyAfter, records, report, opportunities }) => {
    const frees = opportunities('free');
    const { pages, health } = state;
    // A section that lookups tell ends before its locks may: what it left mapped, the next event may take away.
    const showsSections = records('lock_acquire') && records('lock_release');
    /** By domid: what was freed since the domain showed last that it lives. */
    const runs = new Map<number, MappedFrees>();
    /** One that is over: its room is used again, as a teardown fills much of it. */
    let spare: MappedFrees | undefined;
    const isOver = (run: MappedFrees) => {
      run.clear();
      spare = run;
    };
    /** Of frames freed in a section that is not over: the record of their run. */
    const inSections = new FrameRecords(2);

    const freed = (mfn: number, batch: ReplayBatch, row: number) => {
      // A breach is told when the domain shows that it lives, by somebody else.
      frees.countAt(-1);
      const mapped = p2ms.stillMapped(mfn);
      if (mapped === undefined || health.wasDestroyed(mapped.domid)) return;
      const slot = slotOf(pages, mfn);
      const owner = ownerOfRow(batch, row);
      let run = runs.get(mapped.domid);
      if (run === undefined) {
        run = spare ?? new MappedFrees();
        spare = undefined;
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
      // relinquish_memory drops the allocation's reference of each page before the last put.
      if (knowsCount(pages, slot) && pages.isCounted(slot) && pages.count(slot) === 0 && isAllocated(pages, slot)) {
        run.data[at + IS_DEFECT] = 1;
      } else if (showsSections && sections.isHeld) {
        sections.touch(mfn);
        const held = inSections.make(mfn);
        inSections.data[held] = mapped.domid;
        inSections.data[held + 1] = at;
      }
    };

    /** Reports one of a run. */
    const tell = (
      domid: number,
      run: MappedFrees,
      at: number,
      later: { readonly p2m_used_later?: number; readonly lived_later?: number; readonly left_mapped?: number },
      confidence: 'proven' | 'likely' | 'possible' = 'proven',
    ) => {
      const { data } = run;
      report({
        confidence: data[at + MAY_BE_GONE] === 1 ? 'possible' : confidence,
        detail: data[at + OWNER] === domid ? 'own' : 'foreign',
        mfn: data[at + MFN],
        generation: data[at + GENERATION],
        owner: data[at + OWNER],
        domid,
        view: data[at + VIEW],
        gfn: data[at + GFN],
        pcpu: data[at + FREED_PCPU],
        caller: -1,
        at: { mapped: data[at + MAPPED_SEQ], freed: data[at + FREED_SEQ], ...later },
      });
    };

    /** The domain lives, be it one that has that id by now: what was freed before is a defect, or a teardown. */
    const lives = (domid: number, role: 'p2m_used_later' | 'lived_later', isSaid = false) => {
      const run = runs.get(domid);
      if (run === undefined || health.isDying(domid)) return;
      runs.delete(domid);
      const isTeardown = !isSaid && run.pages >= TEARDOWN_PAGES && !ownsPages(domid, run.lastFreed);
      for (let at = 0; at < run.end; at += WIDTH) {
        if (!isTeardown) tell(domid, run, at, { [role]: now.seq });
        else if (run.data[at + IS_DEFECT] === 1) tell(domid, run, at, { left_mapped: run.data[at + LEFT_SEQ] });
      }
      isOver(run);
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

    /**
     * Nothing more is known of the domain. What its p2m was looked at after is a defect, unless so much was freed by
     * then that it was in its teardown; where more was freed later, that may have begun.
     */
    const settle = (domid: number) => {
      const run = runs.get(domid);
      if (run === undefined) return;
      runs.delete(domid);
      const { data, usedSeq } = run;
      const isTeardown = run.freedBefore(usedSeq) >= TEARDOWN_PAGES;
      const confidence = run.pages >= TEARDOWN_PAGES ? 'likely' : 'proven';
      for (let at = 0; at < run.end; at += WIDTH) {
        const isDefect = data[at + IS_DEFECT] === 1;
        const used = !isTeardown && data[at + FREED_SEQ] < usedSeq ? usedSeq : Number.NaN;
        if (!isDefect && Number.isNaN(used)) continue;
        const later = Number.isNaN(used) ? { left_mapped: data[at + LEFT_SEQ] } : { p2m_used_later: used };
        tell(domid, run, at, later, isDefect ? 'proven' : confidence);
      }
      isOver(run);
    };

    /** The section that freed pages of a p2m, and wrote entries of it, or tried to, ends. */
    const sectionEnd = (section: Section) => {
      if (inSections.size > 0) section.forEach(lookAtChange);
    };
    const lookAtChange = (section: Section, change: number) => {
      section.forEachFrame(change, lookAtFrame);
    };
    const lookAtFrame = (mfn: number, section: Section) => {
      const held = inSections.find(mfn);
      if (held < 0) return;
      const domid = inSections.data[held];
      const at = inSections.data[held + 1];
      inSections.remove(mfn);
      const run = runs.get(domid);
      if (run === undefined || run.data[at + MFN] !== mfn) return;
      const table = p2ms.find(domid, run.data[at + VIEW]);
      if (!table?.find(run.data[at + GFN]) || table.foundMfn(run.data[at + GFN]) !== mfn) return;
      const wrote = (change: number) => {
        const what = section.data[change + WHAT];
        return section.data[change + DOMID] === domid && (isWrite(what) || what === ENTRY_FAILED);
      };
      if (section.find(wrote) < 0) return;
      // What the end of the trace cut off may go on.
      if (section.confidence !== 'proven') return;
      run.data[at + IS_DEFECT] = 1;
      run.data[at + LEFT_SEQ] = now.seq;
    };

    /** The entry of a page goes that was freed just before: it may have gone first, and be recorded late. */
    const removed = (run: MappedFrees, batch: ReplayBatch, row: number) => {
      const { data, end } = run;
      const { view, order } = batch.columns;
      const start = alignDown(gfnOf(batch, row), order[row]);
      for (let at = end - WIDTH; at >= Math.max(0, end - RECENT * WIDTH); at -= WIDTH) {
        const offset = data[at + GFN] - start;
        if (data[at + VIEW] !== view[row] || offset < 0 || offset >= framesOf(order[row])) continue;
        if (!isSurelyAfter(data[at + FREED_SEQ])) data[at + MAY_BE_GONE] = 1;
      }
    };

    const got = (batch: ReplayBatch, row: number) => {
      if (runs.size > 0 && isValid(batch.validity.owner, row)) lives(batch.columns.owner[row], 'lived_later');
    };

    const ranIn = (batch: ReplayBatch, row: number) => {
      if (runs.size > 0) lives(domidOf(batch, row), 'lived_later');
    };
    /** A control domain may ask that of another one, be it dying: decrease_reservation() does not look. */
    const gaveBack = (batch: ReplayBatch, row: number) => {
      const run = runs.get(domidOf(batch, row));
      if (run === undefined) return;
      const current = state.running[now.pcpu] ?? -1;
      if (current >= 0 && domidOfKey(current) === domidOf(batch, row)) ranIn(batch, row);
      else if (!health.isDying(domidOf(batch, row))) run.usedSeq = now.seq;
    };

    return {
      before: {
        page_free: (batch, row) => forEachFrame(batch, row, freed),
        lookup: (batch, row) => {
          const run = runs.get(batch.columns.domid[row]);
          // Who finds nothing uses nothing: a pager looks at what was there.
          if (run === undefined || mfnOf(batch, row) < 0) return;
          if (!health.isDying(batch.columns.domid[row])) run.usedSeq = now.seq;
        },
        set_entry: (batch, row) => {
          const { domid } = batch.columns;
          const run = runs.get(domid[row]);
          if (run === undefined) return;
          removed(run, batch, row);
          // A teardown removes entries (relinquish_shared_pages), and maps nothing.
          if (mfnOf(batch, row) >= 0 && tookPlace(batch, row)) lives(domid[row], 'p2m_used_later');
          else if (hasFailed(batch, row) && !health.isDying(domid[row])) run.usedSeq = now.seq;
        },
        // Its vcpus run, which they do no more once it is dying (domain_kill); nothing is populated then either.
        npf: ranIn,
        pod_populate: ranIn,
        decrease_reservation: gaveBack,
        page_alloc: got,
        owner_set: (batch, row) => {
          // Whoever is unshared gets his page back from dom_cow.
          if (runs.size > 0 && formerOwner(state.pages, batch, row) < DOMID_FIRST_RESERVED) got(batch, row);
        },
        ...(records('page_use')
          ? {
              page_use: (batch: ReplayBatch, row: number) => {
                if (runs.size > 0 && isUse(batch.columns.flags[row])) lives(domidOf(batch, row), 'p2m_used_later');
              },
            }
          : {}),
        domain_dying: (batch, row) => lives(domidOf(batch, row), 'lived_later', true),
        domain_destroy: (batch, row) => settle(domidOf(batch, row)),
      },
      sectionEnd,
      end: () => {
        for (const domid of [...runs.keys()]) settle(domid);
      },
      forget: () => {
        runs.clear();
        inSections.clear();
      },
      forgetDomain: settle,
    };
  },
});
