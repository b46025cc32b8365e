import { DOMID_COW } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import type { DetailOf } from '../../facts/breach-table.js';
import { SHARED_M2P } from '../../state/m2p-state.js';
import { HOST } from '../../state/p2m-set.js';
import { TypeBits } from '../../tables/type-bits.js';
import { defineCheck } from '../check.js';
import { knowsCount, knowsType, ownerOf, slotOf } from '../known-pages.js';
import { RAM_SHARED } from '../p2m-types.js';
import { CALLER, MFN, SEQ, type Section } from '../section.js';

type Invariant = DetailOf<'consistency.sharing-invariant'>;
/** What is wrong with a shared frame, and the event that made it so. */
type Broken = readonly [invariant: Invariant, seq: number];

/** A gfn that was unshared from a frame, and must be gone from its reverse map by the end of the section. */
interface Unshared {
  readonly domid: number;
  readonly gfn: number;
  readonly seq: number;
  /** Who unshared it, and whose section it is that tells. */
  readonly pcpu: number;
}

/**
 * A section leaves a shared frame that is not as mem_sharing's audit() has it (xen/arch/x86/mm/mem_sharing.c), or a gfn
 * in its reverse map that was unshared.
 */
export const sharingInvariant = defineCheck({
  rule: 'consistency.sharing-invariant',
  make: ({ state, p2ms, now, sections, records, report, opportunities }) => {
    const looks = opportunities('share');
    const unshares = opportunities('unshare');
    const { pages, m2p, profile } = state;
    const { rmaps } = state.sharing;
    const bits = new TypeBits(profile);
    /** Value of the type field of a shared page, undefined for a layout that has no such type. */
    const sharedType = profile.types.indexOf('shared');
    /** Shared frames that are not as they should be, and in which way: each is reported when it becomes so. */
    const known = new Map<number, Invariant[]>();

    /** By frame: what a section that lasts has unshared, and what one before has left. */
    const unshared = new Map<number, Unshared>();
    const left = new Map<number, Unshared>();

    /** Where rmap_del is recorded it alone takes out the member (docs/replay.md#sharing): before the unshare, or after. */
    const unshare = (batch: ReplayBatch, row: number) => {
      const mfn = mfnOf(batch, row);
      if (hasFailed(batch, row)) return;
      unshares.count();
      const gone = { domid: batch.columns.domid[row], gfn: gfnOf(batch, row), seq: now.seq, pcpu: now.pcpu };
      if (!isMember(mfn, gone)) return;
      unshared.set(mfn, gone);
      sections.touch(mfn);
    };

    const isMember = (mfn: number, { domid, gfn, seq }: Unshared) => {
      const member = rmaps.find(mfn, domid, gfn);
      return member !== 0 && !(rmaps.seqOf(member) > seq);
    };

    /** The reverse map has what was unshared: nothing else about the frame can fit, and is not reported. */
    const lookAtUnshared = (mfn: number, section: Section, at: number): boolean => {
      const known = left.get(mfn);
      if (known !== undefined && isMember(mfn, known)) return true;
      left.delete(mfn);
      const gone = unshared.get(mfn);
      if (gone === undefined || gone.pcpu !== section.pcpu) return false;
      unshared.delete(mfn);
      if (!isMember(mfn, gone)) return false;
      left.set(mfn, gone);
      const { domid, gfn, seq } = gone;
      report({
        detail: 'rmap',
        mechanism: 'unshare',
        confidence: section.confidence,
        pcpu: section.pcpu,
        domid,
        gfn,
        mfn,
        count: rmaps.count(mfn),
        caller: section.data[at + CALLER],
        at: { shared: rmaps.seqOf(rmaps.find(mfn, domid, gfn)), broken: seq },
      });
      return true;
    };

    const touch = (batch: ReplayBatch, row: number) => {
      if (rmaps.size > 0 && rmaps.count(mfnOf(batch, row)) > 0) sections.touch(mfnOf(batch, row));
    };

    const look = (section: Section, at: number) => {
      const mfn = section.data[at + MFN];
      if (mfn < 0 || ((unshared.size > 0 || left.size > 0) && lookAtUnshared(mfn, section, at))) return;
      const members = rmaps.of(mfn);
      // Another section is in the midst of a share or an unshare: its end tells.
      if (members.length > 0 && sections.isInWork(mfn, section)) return;
      if (members.length > 0) looks.countAt(section.data[at + CALLER]);
      const before = known.get(mfn) ?? [];
      const changed = section.data[at + SEQ];
      const found = members.length === 0 ? [] : [...brokenPage(mfn, members.length, changed), ...brokenEntry(mfn)];
      if (found.length === 0) known.delete(mfn);
      else
        known.set(
          mfn,
          found.map(([invariant]) => invariant),
        );
      for (const [invariant, broken] of found) {
        if (before.includes(invariant)) continue;
        report({
          detail: invariant,
          confidence: section.confidence,
          pcpu: section.pcpu,
          mfn,
          count: members.length,
          caller: section.data[at + CALLER],
          at: { shared: members[members.length - 1].seq, broken },
        });
      }
    };

    /** What the page and the M2P say; what is unknown says nothing. */
    const brokenPage = (mfn: number, size: number, changed: number) => {
      const slot = slotOf(pages, mfn);
      const broken: Broken[] = [];
      const owner = slot === 0 ? -1 : ownerOf(pages, slot);
      // What page_alloc makes known may have changed since, where such changes are not recorded.
      if (owner >= 0 && owner !== DOMID_COW && records('owner_set')) broken.push(['owner', changed]);
      if (slot !== 0 && knowsType(pages, slot) && records('get_type')) {
        const [low, high] = [pages.typeLow[slot], pages.typeHigh[slot]];
        if (bits.typeOf(low, high) !== sharedType || bits.count.of(low, high) < size) {
          broken.push(['type', pages.typeSeq[slot]]);
        }
      }
      const counted = slot !== 0 && knowsCount(pages, slot) && records('get_page');
      if (counted && pages.count(slot) < size + 1) broken.push(['count', pages.countSeq[slot]]);
      const value = m2p.get(mfn);
      if (value !== undefined && value !== SHARED_M2P) broken.push(['m2p', m2p.setSeq(mfn)]);
      return broken;
    };

    /** A gfn of the rmap whose host entry is known and is something else. */
    const brokenEntry = (mfn: number): Broken[] => {
      for (const { domid, gfn } of rmaps.of(mfn)) {
        const host = p2ms.find(domid, HOST);
        if (!host?.find(gfn) || (host.foundMfn(gfn) === mfn && host.typeAt(gfn) === RAM_SHARED)) continue;
        return [['entry', host.foundSeq]];
      }
      return [];
    };

    const changes = {
      share_nominate: touch,
      share_pages: touch,
      rmap_add: touch,
      owner_set: touch,
      put_page: touch,
      alloc_ref_drop: touch,
      put_type: touch,
      ...(records('rmap_del') ? { unshare } : {}),
    };
    return {
      after: records('share_nominate', 'share_pages', 'rmap_add') ? changes : {},
      sectionEnd: section => {
        if (rmaps.size > 0) section.forEach(look);
      },
      forget: () => {
        known.clear();
        unshared.clear();
        left.clear();
      },
    };
  },
});
