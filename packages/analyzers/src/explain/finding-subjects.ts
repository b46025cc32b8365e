import type { Subject } from '@p2mtrace/replayer';
import type { Occurrence } from '../findings/finding.js';

/** Keys of a finding's subject that name a lock by its address. */
const LOCKS = ['lock', 'held_lock'];

/** The subjects of an occurrence whose state can be followed: a gfn, an mfn, locks. */
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

/** A frame from hex text; undefined for one that no replay can follow. */
function frameOf(text: Occurrence['subject'][string] | undefined): number | undefined {
  const frame = typeof text === 'string' ? Number(text) : Number.NaN;
  return frame < 2 ** 52 ? frame : undefined;
}
