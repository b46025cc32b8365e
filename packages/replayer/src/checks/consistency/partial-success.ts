import { framesOf } from '../../memory/order.js';
import { defineCheck } from '../check.js';
import { POPULATE_ON_DEMAND } from '../p2m-types.js';
import {
  CALLER,
  DOMID,
  ENTRY_FAILED,
  ENTRY_WRITTEN,
  GFN,
  MFN,
  ORDER,
  SEQ,
  type Section,
  TYPE,
  VIEW,
  WHAT,
} from '../section.js';

/**
 * Of the chunks of one write some failed, and those that did not are left as they are (p2m_set_entry goes on after an
 * error; XSA-389).
 */
export const partialSuccess = defineCheck({
  rule: 'consistency.partial-success',
  make: ({ p2ms, report, opportunities }) => {
    const failures = opportunities('write');
    /** The entry is now as the chunk has it. */
    const stands = (data: Float64Array, at: number) => {
      const table = p2ms.find(data[at + DOMID], data[at + VIEW]);
      const gfn = data[at + GFN];
      return (
        table?.find(gfn) === true && table.foundMfn(gfn) === data[at + MFN] && table.typeAt(gfn) === data[at + TYPE]
      );
    };

    const look = (section: Section, failed: number) => {
      const { data } = section;
      if (data[failed + WHAT] !== ENTRY_FAILED || stands(data, failed)) return;
      failures.countAt(data[failed + CALLER]);
      const succeeded = section.find(at => {
        if (data[at + WHAT] !== ENTRY_WRITTEN || !areChunks(data, at, failed) || !stands(data, at)) return false;
        // A zero check goes gfn by gfn and passes over those that can't be written (XSA-247).
        return data[at + TYPE] !== POPULATE_ON_DEMAND || !replacedFrame(section, at);
      });
      if (succeeded < 0) return;
      report({
        confidence: section.confidence,
        pcpu: section.pcpu,
        domid: data[failed + DOMID],
        view: data[failed + VIEW],
        gfn: data[failed + GFN],
        mfn: data[failed + MFN],
        order: data[failed + ORDER],
        p2m_type: data[failed + TYPE],
        caller: data[failed + CALLER],
        at: { succeeded: data[succeeded + SEQ], failed: data[failed + SEQ] },
      });
    };

    return { sectionEnd: section => section.forEach(look) };
  },
});

/** Two chunks may be of one write: of the same p2m and type, side by side, with frames side by side or none. */
function areChunks(data: Float64Array, one: number, other: number): boolean {
  for (const same of [DOMID, VIEW, TYPE]) if (data[one + same] !== data[other + same]) return false;
  const [low, high] = data[one + GFN] < data[other + GFN] ? [one, other] : [other, one];
  const size = framesOf(data[low + ORDER]);
  if (data[low + GFN] + size !== data[high + GFN]) return false;
  return data[low + MFN] < 0 ? data[high + MFN] < 0 : data[low + MFN] + size === data[high + MFN];
}

/** The write at that place put an end to an entry that mapped a frame. */
function replacedFrame(section: Section, written: number): boolean {
  let old = section.replacedBy(written);
  while (old >= 0 && section.data[old + MFN] < 0) old = section.replacedBy(written, old);
  return old >= 0;
}
