import { DOMID_FIRST_RESERVED } from '@p2mtrace/trace-format';
import { SHARED_M2P } from '../../state/m2p-state.js';
import { HOST } from '../../state/p2m-set.js';
import type { P2mTable } from '../../tables/p2m-table.js';
import { defineCheck } from '../check.js';
import { isAllocated, isFree, knowsCount, ownerOf, slotOf } from '../known-pages.js';
import { isHoleType, isRam } from '../p2m-types.js';
import { CALLER, ENTRY_FAILED, ENTRY_REPLACED, type Section, TYPE, VIEW, WHAT } from '../section.js';

/** A section leaves an owned, unshared frame with a p2m that its M2P does not fit. */
export const m2pMismatch = defineCheck({
  rule: 'consistency.m2p-mismatch',
  make: ({ state, p2ms, sections, report, opportunities }) => {
    const frames = opportunities('section');
    const cached = opportunities('cache');
    const { m2p, pages, reverse, sharing, pod } = state;
    /** Frames of the section at hand: one may have been changed several times, and stands in one way. */
    const reported = new Set<number>();

    const look = (section: Section, at: number) => {
      const { data } = section;
      if (data[at + WHAT] === ENTRY_FAILED || data[at + VIEW] > HOST) return;
      section.forEachFrame(at, lookAtFrame);
      if (pod.cache.size > 0 && isGivenBack(section, at)) section.forEachFrame(at, lookAtCached);
    };

    /** A frame that a section took from its gfn and put into the PoD cache: it is nowhere. */
    const lookAtCached = (mfn: number, section: Section, change: number) => {
      const at = pod.cache.find(mfn);
      const value = m2p.get(mfn);
      if (at < 0 || value === undefined) return;
      cached.countAt(section.data[change + CALLER]);
      const host = p2ms.find(pod.cache.data[at], HOST);
      if (value >= 0 && host?.find(value) && host.foundMfn(value) !== mfn)
        tell(section, change, host, value, mfn, 'cache');
    };

    const lookAtFrame = (mfn: number, section: Section, change: number) => {
      const value = m2p.get(mfn);
      const slot = slotOf(pages, mfn);
      if (value === undefined || value === SHARED_M2P || slot === 0 || !isOrdinary(mfn, slot)) return;
      // Written in another life of the page: what it was set to since is not recorded.
      if (pages.lifeSeq[slot] > m2p.setSeq(mfn)) return;
      const host = p2ms.find(ownerOf(pages, slot), HOST);
      if (host === undefined) return;
      frames.countAt(section.data[change + CALLER]);
      if (value >= 0) {
        if (host.find(value) && host.foundMfn(value) !== mfn) tell(section, change, host, value, mfn);
        return;
      }
      for (const { p2m, gfn } of reverse.someMappings(mfn)) {
        const isHosts = p2ms.tables[p2m] === host;
        if (isHosts && host.find(gfn) && isRam(host.typeAt(gfn))) tell(section, change, host, gfn, mfn);
      }
    };

    /** A domain's own page that it may use: not shared, not in its PoD cache, not on its way out. */
    const isOrdinary = (mfn: number, slot: number) => {
      const owner = ownerOf(pages, slot);
      if (owner < 0 || owner >= DOMID_FIRST_RESERVED || isFree(pages, slot)) return false;
      if (knowsCount(pages, slot) && !isAllocated(pages, slot)) return false;
      return sharing.rmaps.count(mfn) === 0 && pod.cache.find(mfn) < 0;
    };

    /** `host` has found the entry of the gfn. */
    const tell = (
      section: Section,
      change: number,
      host: P2mTable,
      gfn: number,
      mfn: number,
      mechanism: 'section' | 'cache' = 'section',
    ) => {
      if (reported.has(mfn) || sections.isUnderChange(mfn, section)) return;
      reported.add(mfn);
      report({
        mechanism,
        confidence: section.confidence,
        domid: host.domid,
        gfn,
        mfn,
        p2m_type: host.typeAt(gfn),
        pcpu: section.pcpu,
        caller: section.data[change + CALLER],
        at: { entry: host.foundSeq, m2p: m2p.setSeq(mfn) },
      });
    };

    /**
     * The entry at that place ended and nothing took its place. What a zero check takes keeps its M2P
     * (docs/xen.md#pod-decrease-reservation): there the entry became populate_on_demand.
     */
    const isGivenBack = (section: Section, at: number) =>
      section.data[at + WHAT] === ENTRY_REPLACED && isHoleType(section.data[section.replacing(at) + TYPE]);

    return {
      sectionEnd: section => {
        if (m2p.size === 0) return;
        section.forEach(look);
        reported.clear();
      },
    };
  },
});
