import type { Handlers } from '../../batch/handlers.js';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { mfnOf } from '../../batch/row-values.js';
import type { BreachDetail } from '../../facts/breach-names.js';
import { SHARED_M2P } from '../../state/m2p-state.js';
import { HOST } from '../../state/p2m-set.js';
import { TypeBits } from '../../tables/type-bits.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { DOM_COW, knowsCount, knowsType, ownerOf, slotOf } from '../known-pages.js';
import { RAM_SHARED } from '../p2m-types.js';
import { CALLER, MFN, SEQ, type Section } from '../section.js';

/** What is wrong with a shared frame, and the event that made it so. */
type Broken = readonly [invariant: BreachDetail, seq: number];

/** consistency.sharing-invariant: a section leaves a shared frame that is not as X§5.3 has it. */
export const sharingInvariant: MakeCheck = scope => new SharingInvariant(scope);

class SharingInvariant implements Check {
  private readonly scope: CheckScope;
  private readonly bits: TypeBits;
  /** Value of the type field of a shared page, undefined for a layout that has no such type. */
  private readonly sharedType: number;
  /** Shared frames that are not as they should be, and in which way: each is reported when it becomes so. */
  private readonly known = new Map<number, BreachDetail[]>();

  constructor(scope: CheckScope) {
    this.scope = scope;
    this.bits = new TypeBits(scope.state.profile);
    this.sharedType = scope.state.profile.types.indexOf('shared');
    const { touch } = this;
    const changes = {
      share_nominate: touch,
      share_pages: touch,
      rmap_add: touch,
      owner_set: touch,
      put_page: touch,
      alloc_ref_drop: touch,
      put_type: touch,
    };
    this.after = scope.records('share_nominate', 'share_pages', 'rmap_add') ? changes : {};
  }

  private readonly touch = (batch: ReplayBatch, row: number): void => {
    const { rmaps } = this.scope.state.sharing;
    if (rmaps.size > 0 && rmaps.count(mfnOf(batch, row)) > 0) this.scope.sections.touch(mfnOf(batch, row));
  };

  readonly after: Handlers;

  readonly sectionEnd = (section: Section): void => {
    if (this.scope.state.sharing.rmaps.size === 0) return;
    for (let at = 0; at < section.end; at += section.stride) {
      const { data } = section;
      if (data[at + MFN] >= 0) this.look(section, data[at + MFN], data[at + SEQ], data[at + CALLER]);
    }
  };

  private look(section: Section, mfn: number, changed: number, caller: number): void {
    const members = this.scope.state.sharing.rmaps.of(mfn);
    const before = this.known.get(mfn) ?? [];
    const found =
      members.length === 0 ? [] : [...this.brokenPage(mfn, members.length, changed), ...this.brokenEntry(mfn)];
    const invariants = found.map(([invariant]) => invariant);
    if (found.length === 0) this.known.delete(mfn);
    else this.known.set(mfn, invariants);
    for (const [invariant, seq] of found) {
      if (before.includes(invariant)) continue;
      const at = [members[members.length - 1].seq, seq];
      const { confidence, pcpu } = section;
      this.scope.report({
        breach: 'sharing-invariant',
        detail: invariant,
        confidence,
        pcpu,
        mfn,
        count: members.length,
        caller,
        at,
      });
    }
  }

  /** What the page and the M2P say; what is unknown says nothing. */
  private brokenPage(mfn: number, size: number, changed: number): Broken[] {
    const { pages, m2p } = this.scope.state;
    const slot = slotOf(pages, mfn);
    const broken: Broken[] = [];
    const { records } = this.scope;
    const owner = slot === 0 ? -1 : ownerOf(pages, slot);
    // What page_alloc makes known may have changed since, where such changes are not recorded.
    if (owner >= 0 && owner !== DOM_COW && records('owner_set')) broken.push(['owner', changed]);
    if (slot !== 0 && knowsType(pages, slot) && records('get_type')) {
      const [low, high] = [pages.typeLow[slot], pages.typeHigh[slot]];
      if (this.bits.typeOf(low, high) !== this.sharedType || this.bits.count.of(low, high) < size) {
        broken.push(['type', pages.typeSeq[slot]]);
      }
    }
    const counted = slot !== 0 && knowsCount(pages, slot) && records('get_page');
    if (counted && pages.count(slot) < size + 1) broken.push(['count', pages.countSeq[slot]]);
    const value = m2p.get(mfn);
    if (value !== undefined && value !== SHARED_M2P) broken.push(['m2p', m2p.setSeq(mfn)]);
    return broken;
  }

  /** A gfn of the rmap whose host entry is known and is something else. */
  private brokenEntry(mfn: number): Broken[] {
    for (const { domid, gfn } of this.scope.state.sharing.rmaps.of(mfn)) {
      const host = this.scope.p2ms.find(domid, HOST);
      if (!host?.find(gfn) || (host.foundMfn(gfn) === mfn && host.typeAt(gfn) === RAM_SHARED)) continue;
      return [['entry', host.foundSeq]];
    }
    return [];
  }

  readonly forget = (): void => this.known.clear();
}
