import type { Subject } from '@p2mtrace/replayer';
import type { Occurrence } from '../findings/finding.js';

/** Keys of a finding's subject that name a lock by its address. */
const LOCKS = ['lock', 'held_lock'];

/** What an occurrence is about, as far as it has a state that can be followed: a gfn, an mfn, locks. */
export function subjectsOf({ subject }: Occurrence): Subject[] {
  const [gfn, mfn] = [frameOf(subject.gfn), frameOf(subject.mfn)];
  const subjects: Subject[] = [];
  if (typeof subject.domid === 'number' && gfn !== undefined) {
    const view = typeof subject.view === 'string' ? { view: subject.view } : {};
    subjects.push({ about: 'gfn', domid: subject.domid, gfn, ...view });
  }
  if (mfn !== undefined) subjects.push({ about: 'mfn', mfn });
  for (const lock of LOCKS.map(key => subject[key])) {
    if (typeof lock === 'string') subjects.push({ about: 'lock', lock });
  }
  return subjects;
}

/** A frame is hex text; one that no replay follows is none. */
function frameOf(text: Occurrence['subject'][string] | undefined): number | undefined {
  const frame = typeof text === 'string' ? Number(text) : Number.NaN;
  return frame < 2 ** 52 ? frame : undefined;
}
