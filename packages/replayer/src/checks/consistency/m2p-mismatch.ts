import { framesOf } from '../../memory/order.js';
import { SHARED_M2P } from '../../state/m2p-state.js';
import { HOST } from '../../state/p2m-set.js';
import type { P2mTable } from '../../tables/p2m-table.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { FIRST_RESERVED_DOMID, isAllocated, isFree, knowsCount, ownerOf, slotOf } from '../known-pages.js';
import { isRam } from '../p2m-types.js';
import { CALLER, ENTRY_FAILED, MFN, ORDER, type Section, VIEW, WHAT } from '../section.js';

/** consistency.m2p-mismatch: a section leaves an owned, unshared frame with a p2m that its M2P does not fit (X§3.4). */
export const m2pMismatch: MakeCheck = scope => new M2pMismatch(scope);

class M2pMismatch implements Check {
  private readonly scope: CheckScope;
  /** Frames of the section at hand: one may have been changed several times, and stands in one way. */
  private readonly reported = new Set<number>();

  constructor(scope: CheckScope) {
    this.scope = scope;
  }

  readonly sectionEnd = (section: Section): void => {
    const { m2p } = this.scope.state;
    if (m2p.size === 0) return;
    for (let at = 0; at < section.end; at += section.stride) {
      const { data } = section;
      const first = data[at + MFN];
      if (first < 0 || data[at + WHAT] === ENTRY_FAILED || data[at + VIEW] > HOST) continue;
      const end = first + framesOf(data[at + ORDER]);
      for (let mfn = first; mfn < end; mfn++) this.look(mfn, section, data[at + CALLER]);
    }
    this.reported.clear();
  };

  private look(mfn: number, section: Section, caller: number): void {
    const { m2p, pages, reverse } = this.scope.state;
    const value = m2p.get(mfn);
    const slot = slotOf(pages, mfn);
    if (value === undefined || value === SHARED_M2P || slot === 0 || !this.isOrdinary(mfn, slot)) return;
    // Written in another life of the page: what it was set to since is not recorded.
    if (pages.lifeSeq[slot] > m2p.setSeq(mfn)) return;
    const host = this.scope.p2ms.find(ownerOf(pages, slot), HOST);
    if (host === undefined) return;
    if (value >= 0) {
      if (host.find(value) && host.foundMfn(value) !== mfn) this.report(section, host, value, mfn, caller);
      return;
    }
    for (const { p2m, gfn } of reverse.mappings(mfn)) {
      const isHosts = this.scope.p2ms.tables[p2m] === host;
      if (isHosts && host.find(gfn) && isRam(host.typeAt(gfn))) this.report(section, host, gfn, mfn, caller);
    }
  }

  /** A domain's own page that it may use: not shared, not in its PoD cache, not on its way out. */
  private isOrdinary(mfn: number, slot: number): boolean {
    const { pages, sharing, pod } = this.scope.state;
    const owner = ownerOf(pages, slot);
    if (owner < 0 || owner >= FIRST_RESERVED_DOMID || isFree(pages, slot)) return false;
    if (knowsCount(pages, slot) && !isAllocated(pages, slot)) return false;
    return sharing.rmaps.count(mfn) === 0 && pod.cache.find(mfn) < 0;
  }

  /** `host` has found the entry of the gfn. */
  private report(section: Section, host: P2mTable, gfn: number, mfn: number, caller: number): void {
    if (this.reported.has(mfn) || this.scope.sections.isUnderChange(mfn, section)) return;
    this.reported.add(mfn);
    const { confidence, pcpu } = section;
    const { domid } = host;
    const at = [host.foundSeq, this.scope.state.m2p.setSeq(mfn)];
    this.scope.report({
      breach: 'm2p-mismatch',
      confidence,
      domid,
      gfn,
      mfn,
      p2m_type: host.typeAt(gfn),
      pcpu,
      caller,
      at,
    });
  }
}
