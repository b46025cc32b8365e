import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { POPULATE_ON_DEMAND } from '../p2m-types.js';
import {
  CALLER,
  DOMID,
  ENTRY_FAILED,
  ENTRY_REPLACED,
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
 * consistency.partial-success: of the chunks of one write some failed, and those that did not are left as they are
 * (X§3.3: p2m_set_entry goes on after an error; XSA-389).
 */
export const partialSuccess: MakeCheck = scope => new PartialSuccess(scope);

class PartialSuccess implements Check {
  private readonly scope: CheckScope;

  constructor(scope: CheckScope) {
    this.scope = scope;
  }

  readonly sectionEnd = (section: Section): void => {
    for (let at = 0; at < section.end; at += section.stride) {
      if (section.data[at + WHAT] === ENTRY_FAILED) this.look(section, at);
    }
  };

  /** `failed`: where the failed chunk is. */
  private look(section: Section, failed: number): void {
    const { data } = section;
    if (this.stands(data, failed)) return;
    for (let at = 0; at < section.end; at += section.stride) {
      if (data[at + WHAT] !== ENTRY_WRITTEN || !areChunks(data, at, failed) || !this.stands(data, at)) continue;
      // A zero check goes gfn by gfn and passes over those that can't be written (X§5.1, XSA-247).
      if (data[at + TYPE] === POPULATE_ON_DEMAND && replacedFrame(section, at)) continue;
      this.scope.report({
        breach: 'partial-success',
        confidence: section.confidence,
        pcpu: section.pcpu,
        domid: data[failed + DOMID],
        view: data[failed + VIEW],
        gfn: data[failed + GFN],
        mfn: data[failed + MFN],
        order: data[failed + ORDER],
        p2m_type: data[failed + TYPE],
        caller: data[failed + CALLER],
        at: [data[at + SEQ], data[failed + SEQ]],
      });
      return;
    }
  }

  /** The entry is now as the chunk has it. */
  private stands(data: Float64Array, at: number): boolean {
    const table = this.scope.p2ms.find(data[at + DOMID], data[at + VIEW]);
    const gfn = data[at + GFN];
    return table?.find(gfn) === true && table.foundMfn(gfn) === data[at + MFN] && table.typeAt(gfn) === data[at + TYPE];
  }
}

/** Two chunks may be of one write: of the same p2m and type, side by side, with frames side by side or none. */
function areChunks(data: Float64Array, one: number, other: number): boolean {
  for (const same of [DOMID, VIEW, TYPE]) if (data[one + same] !== data[other + same]) return false;
  const [low, high] = data[one + GFN] < data[other + GFN] ? [one, other] : [other, one];
  const size = 2 ** data[low + ORDER];
  if (data[low + GFN] + size !== data[high + GFN]) return false;
  return data[low + MFN] < 0 ? data[high + MFN] < 0 : data[low + MFN] + size === data[high + MFN];
}

/** The write at that place put an end to an entry that mapped a frame. */
function replacedFrame({ data, stride }: Section, written: number): boolean {
  for (let at = written - stride; at >= 0 && data[at + SEQ] === data[written + SEQ]; at -= stride) {
    if (data[at + WHAT] === ENTRY_REPLACED && data[at + MFN] >= 0) return true;
  }
  return false;
}
