import type { Thread } from './event-line.js';
import type { Planted } from './planted.js';
import type { Random } from './random.js';
import { type Template, tell, templatesOf } from './templates.js';

/** From the frames of one fault to those of the next: more than any story names, and a multiple of what it aligns. */
const MFN_STRIDE = 1 << 20;
/** Those of the workload begin at MFN_STRIDE and end far below. */
const FIRST_MFN = 2 * MFN_STRIDE;
const DOMIDS = 8;

export interface PlannedFault {
  /** Events of the workload before it, or a few more. */
  readonly at: number;
  readonly template: Template;
  readonly thread: Thread;
  readonly place: Planted;
}

/** Faults in the order in which they begin, each with numbers of its own, from the first that are free. */
export function planFaults(
  faults: readonly string[],
  events: number,
  random: Random,
  first: { readonly pcpu: number; readonly domid: number },
): PlannedFault[] {
  let { pcpu, domid } = first;
  return faults
    .map((rule, i): PlannedFault => {
      const template = random.pick(templatesOf(rule));
      const thread = tell(template, { pcpu, domid, mfn: FIRST_MFN + i * MFN_STRIDE, lock: (i + 1) * 0x100_0000 });
      const pcpus = Array.from({ length: template.pcpus }, (_, n) => pcpu + n);
      pcpu += template.pcpus;
      domid += DOMIDS;
      const place = { rule, story: template.name, firstSeq: -1, lastSeq: -1, pcpus };
      return { at: Math.floor(random.next() * events * 0.9), template, thread, place };
    })
    .sort((a, b) => a.at - b.at);
}
