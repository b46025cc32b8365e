import { HOST } from '../../state/p2m-set.js';
import type { P2mTable } from '../../tables/p2m-table.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { CALLER, DOMID, ENTRY_REPLACED, GFN, MFN, ORDER, SEQ, type Section, VIEW, WHAT } from '../section.js';

/** altp2m-sharing.stale-view: the host's entry has got another frame, and a view still maps the old one (mail 1, X§6). */
export const staleView: MakeCheck = scope => new StaleView(scope);

class StaleView implements Check {
  private readonly scope: CheckScope;
  /** Entries of views of the section at hand, as text: the host's may have changed more than once. */
  private readonly reported = new Set<string>();

  constructor(scope: CheckScope) {
    this.scope = scope;
  }

  readonly sectionEnd = (section: Section): void => {
    for (let at = 0; at < section.end; at += section.stride) {
      const { data } = section;
      if (data[at + WHAT] !== ENTRY_REPLACED || data[at + VIEW] !== HOST || data[at + MFN] < 0) continue;
      for (const view of this.scope.p2ms.altp2ms(data[at + DOMID])) this.look(view, section, at);
    }
    if (this.reported.size > 0) this.reported.clear();
  };

  /** The host's entry at `old` is gone; does the view still have its frame, at that gfn or remapped to it? */
  private look(view: P2mTable, section: Section, old: number): void {
    const { data } = section;
    const [gfn, end, mfn] = [data[old + GFN], data[old + GFN] + 2 ** data[old + ORDER], data[old + MFN]];
    view.forEachOverlap(gfn, data[old + ORDER], leafGfn => {
      const at = Math.max(gfn, leafGfn);
      if (view.remaps.find(at) < 0) this.compare(view, section, old, at, at, mfn + at - gfn);
    });
    view.remaps.forEach((remapped, at) => {
      const target = view.remaps.data[at];
      if (target >= gfn && target < end) this.compare(view, section, old, remapped, target, mfn + target - gfn);
    });
  }

  /** `mfn` is what the host had at `target`, and `gfn` in the view is a copy of that. */
  private compare(view: P2mTable, section: Section, old: number, gfn: number, target: number, mfn: number): void {
    if (!view.find(gfn) || view.foundMfn(gfn) !== mfn) return;
    const { domid } = view;
    const host = this.scope.p2ms.find(domid, HOST);
    const known = host?.find(target) ?? false;
    const name = `${view.view} ${gfn}`;
    if ((known && host?.foundMfn(target) === mfn) || this.reported.has(name)) return;
    this.reported.add(name);
    const { data } = section;
    const changed = known && host !== undefined ? host.foundSeq : data[old + SEQ];
    this.scope.report({
      breach: 'stale-view',
      detail: gfn === target ? 'copied' : 'remapped',
      confidence: section.confidence,
      pcpu: section.pcpu,
      domid,
      view: view.view,
      gfn,
      mfn,
      p2m_type: view.typeAt(gfn),
      caller: data[old + CALLER],
      at: [view.foundSeq, changed],
    });
  }
}
