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

    /** By the gfn where they begin and where they end: writes of the section that stand; of those that are the same the first. */
    const standing = (section: Section): WritesByEdge => {
      const edges: WritesByEdge = { begin: new Map(), end: new Map() };
      section.forEach(({ data }, at) => {
        if (data[at + WHAT] !== ENTRY_WRITTEN || !stands(data, at)) return;
        // A zero check goes gfn by gfn and passes over those that can't be written (XSA-247).
        if (data[at + TYPE] === POPULATE_ON_DEMAND && replacedFrame(section, at)) return;
        addWrite(edges.begin, data[at + GFN], data, at);
        addWrite(edges.end, data[at + GFN] + framesOf(data[at + ORDER]), data, at);
      });
      return edges;
    };

    const look = (section: Section, failed: number, edges: WritesByEdge) => {
      const { data } = section;
      failures.countAt(data[failed + CALLER]);
      const beside = [
        ...(edges.end.get(data[failed + GFN]) ?? []),
        ...(edges.begin.get(data[failed + GFN] + framesOf(data[failed + ORDER])) ?? []),
      ];
      const succeeded = Math.min(...beside.filter(at => areChunks(data, at, failed)));
      if (!Number.isFinite(succeeded)) return;
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

    return {
      sectionEnd: section => {
        let edges: WritesByEdge | undefined;
        section.forEach(({ data }, at) => {
          if (data[at + WHAT] !== ENTRY_FAILED || stands(data, at)) return;
          edges ??= standing(section);
          look(section, at, edges);
        });
      },
    };
  },
});

interface WritesByEdge {
  readonly begin: Map<number, number[]>;
  readonly end: Map<number, number[]>;
}

/** Adds a write, unless there is one of the same entry already. */
function addWrite(edge: Map<number, number[]>, gfn: number, data: Float64Array, at: number): void {
  const there = edge.get(gfn);
  if (there === undefined) edge.set(gfn, [at]);
  else if (!there.some(one => SAME.every(column => data[one + column] === data[at + column]))) there.push(at);
}
const SAME = [DOMID, VIEW, GFN, ORDER, MFN, TYPE];

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
