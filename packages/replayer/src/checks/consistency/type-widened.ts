import { defineCheck } from '../check.js';
import { slotOf } from '../known-pages.js';
import { isReadOnly, isWritable } from '../p2m-types.js';
import {
  CALLER,
  DOMID,
  ENTRY_REPLACED,
  GFN,
  isWrite,
  MFN,
  ORDER,
  SEQ,
  type Section,
  SINCE,
  TYPE,
  VIEW,
  WHAT,
} from '../section.js';

/**
 * A section moves a page from a gfn at which the guest may not write it to one at which it may: XENMAPSPACE_gmfn makes
 * ram_rw of whatever it moves (xenmem_add_to_physmap_one in xen/arch/x86/mm/p2m.c).
 */
export const typeWidened = defineCheck({
  rule: 'consistency.type-widened',
  make: ({ state: { pages }, report, opportunities }) => {
    const removals = opportunities('remove');

    const look = (section: Section, old: number) => {
      const { data } = section;
      if (data[old + WHAT] !== ENTRY_REPLACED || !isReadOnly(data[old + TYPE]) || data[old + MFN] < 0) return;
      removals.countAt(data[old + CALLER]);
      const moved = section.find(at => isMovedTo(section, old, at), old);
      // Freed in between, it is another page.
      if (moved < 0 || pages.lifeSeq[slotOf(pages, data[moved + MFN])] > data[old + SEQ]) return;
      report({
        confidence: section.attempted ? 'likely' : 'proven',
        pcpu: section.pcpu,
        domid: data[moved + DOMID],
        view: data[moved + VIEW],
        gfn: data[moved + GFN],
        mfn: data[moved + MFN],
        order: data[moved + ORDER],
        p2m_type: data[moved + TYPE],
        old_type: data[old + TYPE],
        caller: data[moved + CALLER],
        at: { narrow: data[old + SINCE], removed: data[old + SEQ], widened: data[moved + SEQ] },
      });
    };

    return { sectionEnd: section => section.forEach(look) };
  },
});

/** The write at that place maps the frames of the entry at `old` at another gfn of its p2m, where they may be written. */
function isMovedTo(section: Section, old: number, at: number): boolean {
  const { data } = section;
  if (!isWrite(data[at + WHAT]) || !isWritable(data[at + TYPE]) || data[at + GFN] === data[old + GFN]) return false;
  const isSameP2m = data[at + DOMID] === data[old + DOMID] && data[at + VIEW] === data[old + VIEW];
  return isSameP2m && data[at + MFN] >= 0 && section.isOf(old, data[at + MFN]);
}
