import { framesOf } from '../../memory/order.js';
import { HOST } from '../../state/p2m-set.js';
import type { P2mTable } from '../../tables/p2m-table.js';
import { defineCheck } from '../check.js';
import { CALLER, DOMID, ENTRY_REPLACED, GFN, MFN, ORDER, SEQ, type Section, VIEW, WHAT } from '../section.js';

/** The host's entry has got another frame, and a view still maps the old one. */
export const staleView = defineCheck({
  rule: 'altp2m-sharing.stale-view',
  make: ({ p2ms, report, opportunities }) => {
    const replaced = opportunities('entry');
    /** Entries of views of the section at hand, as text: the host's may have changed more than once. */
    const reported = new Set<string>();

    const look = (section: Section, at: number) => {
      const { data } = section;
      if (data[at + WHAT] !== ENTRY_REPLACED || data[at + VIEW] !== HOST || data[at + MFN] < 0) return;
      for (const view of p2ms.altp2ms(data[at + DOMID])) {
        replaced.countAt(data[at + CALLER]);
        lookAtView(view, section, at);
      }
    };

    /** The host's entry at `old` is gone; does the view still have its frame, at that gfn or remapped to it? */
    const lookAtView = (view: P2mTable, section: Section, old: number) => {
      const { data } = section;
      const gfn = data[old + GFN];
      view.forEachOverlap(gfn, data[old + ORDER], leafGfn => {
        const at = Math.max(gfn, leafGfn);
        if (view.remaps.of(at) < 0) compare(view, section, old, at, at);
      });
      view.remaps.forEachTo(gfn, framesOf(data[old + ORDER]), (remapped, target) => {
        compare(view, section, old, remapped, target);
      });
    };

    /** `gfn` in the view is a copy of what the host had at `target`. */
    const compare = (view: P2mTable, section: Section, old: number, gfn: number, target: number) => {
      const { data } = section;
      const mfn = data[old + MFN] + target - data[old + GFN];
      if (!view.find(gfn) || view.foundMfn(gfn) !== mfn) return;
      const { domid } = view;
      const host = p2ms.find(domid, HOST);
      const known = host?.find(target) ?? false;
      const name = `${view.view} ${gfn}`;
      if ((known && host?.foundMfn(target) === mfn) || reported.has(name)) return;
      reported.add(name);
      const changed = known && host !== undefined ? host.foundSeq : data[old + SEQ];
      report({
        detail: gfn === target ? 'copied' : 'remapped',
        confidence: section.confidence,
        pcpu: section.pcpu,
        domid,
        view: view.view,
        gfn,
        mfn,
        p2m_type: view.typeAt(gfn),
        caller: data[old + CALLER],
        at: { mapped: view.foundSeq, changed },
      });
    };

    return {
      sectionEnd: section => {
        section.forEach(look);
        if (reported.size > 0) reported.clear();
      },
    };
  },
});
