import { defineCheck } from '../check.js';
import { isRam, isSpecial } from '../p2m-types.js';
import { CALLER, DOMID, GFN, isWrite, SEQ, type Section, SINCE, TYPE, VIEW, WHAT } from '../section.js';

/** A ram entry is written over a grant, foreign or mmio_direct one (XSA-378). */
export const specialReplaced = defineCheck({
  rule: 'consistency.special-replaced',
  make: ({ report, opportunities }) => {
    const writes = opportunities('write');
    const look = (section: Section, at: number) => {
      const { data } = section;
      if (!isWrite(data[at + WHAT]) || !isRam(data[at + TYPE])) return;
      let special = section.replacedBy(at);
      if (special >= 0) writes.countAt(data[at + CALLER]);
      while (special >= 0 && !isSpecial(data[special + TYPE])) special = section.replacedBy(at, special);
      if (special < 0) return;
      report({
        // What was only attempted may have been refused.
        confidence: section.attempted ? 'likely' : 'proven',
        pcpu: section.pcpu,
        domid: data[at + DOMID],
        view: data[at + VIEW],
        gfn: data[special + GFN],
        p2m_type: data[at + TYPE],
        old_type: data[special + TYPE],
        caller: data[at + CALLER],
        at: { special: data[special + SINCE], replaced: data[at + SEQ] },
      });
    };
    return { sectionEnd: section => section.forEach(look) };
  },
});
