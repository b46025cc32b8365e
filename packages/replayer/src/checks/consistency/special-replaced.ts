import type { MakeCheck } from '../check-scope.js';
import { isRam, isSpecial } from '../p2m-types.js';
import { CALLER, DOMID, ENTRY_REPLACED, GFN, isWrite, SEQ, type Section, SINCE, TYPE, VIEW, WHAT } from '../section.js';

/** consistency.special-replaced: a ram entry is written over a grant, foreign or mmio_direct one (X§3.1; XSA-378). */
export const specialReplaced: MakeCheck = ({ report }) => ({
  sectionEnd: section => {
    const { data } = section;
    for (let at = 0; at < section.end; at += section.stride) {
      if (!isWrite(data[at + WHAT]) || !isRam(data[at + TYPE])) continue;
      const special = replacedSpecial(section, at);
      if (special < 0) continue;
      report({
        breach: 'special-replaced',
        // What was only attempted may have been refused.
        confidence: section.attempted ? 'likely' : 'proven',
        pcpu: section.pcpu,
        domid: data[at + DOMID],
        view: data[at + VIEW],
        gfn: data[special + GFN],
        p2m_type: data[at + TYPE],
        old_type: data[special + TYPE],
        caller: data[at + CALLER],
        at: [data[special + SINCE], data[at + SEQ]],
      });
    }
  },
});

/** Place of a special entry that the write put an end to, -1 for none. */
function replacedSpecial({ data, stride }: Section, written: number): number {
  for (let at = written - stride; at >= 0 && data[at + SEQ] === data[written + SEQ]; at -= stride) {
    if (data[at + WHAT] === ENTRY_REPLACED && isSpecial(data[at + TYPE])) return at;
  }
  return -1;
}
