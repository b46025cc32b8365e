import type { KindName } from '@p2mtrace/trace-format';
import { allOf } from '../events/combine-filters.js';
import { firstMatch } from '../events/event-filter.js';
import { ofKinds } from '../events/of-kinds.js';
import type { Subject } from '../events/subject.js';
import { touching } from '../events/touching.js';
import { backToChange } from './changes.js';
import type { Reasons } from './reasons.js';
import { found } from './search.js';
import { gfnEntry } from './subject-state.js';

type GfnSubject = Extract<Subject, { about: 'gfn' }>;

/** Who wrote the entry (the host's if no view is named), under which lock, over what, and where its mfn came from. */
export function whyEntry(reasons: Reasons, subject: GfnSubject, at: number): void {
  const { replay } = reasons;
  const { domid, gfn, view = 'host' } = subject;
  const entry = gfnEntry(replay.at(at), domid, view, gfn);
  if (entry.known !== 'entry') {
    reasons.add(found(backToChange(replay, { ...subject, view }, at)), `made it ${entry.known}`);
    return;
  }
  const written = entry.set_seq;
  if (written === null || written === undefined) {
    reasons.notes.push('the entry was there before the trace showed it');
    reasons.add(found(backToChange(replay, { ...subject, view }, at)), 'showed the entry first');
  } else {
    reasons.add(written, 'wrote the entry');
    reasons.addLockOf(written, 'took the lock for it');
    reasons.add(gfnEntry(replay.at(written - 1), domid, view, gfn).set_seq, 'wrote the entry before it');
    const touched = touching(replay.reader.names, { about: 'gfn', domid, gfn, view });
    const retyped = allOf([ofKinds('type_change_range'), touched]);
    const range = { from: written + 1, to: at + 1 };
    reasons.add(firstMatch(replay.reader, retyped, range, 'backward'), 'changed types since');
  }
  if (entry.mfn !== null && entry.mfn !== undefined) addOrigin(reasons, entry.mfn, written ?? at, at);
}

/** Where an mfn mapped at `mapped` came from, what became of it up to `at`, and its M2P. */
function addOrigin(reasons: Reasons, mfn: number, mapped: number, at: number): void {
  const { reader } = reasons.replay;
  const touched = touching(reader.names, { about: 'mfn', mfn });
  const last = (kind: KindName, from: number, to: number) =>
    firstMatch(reader, allOf([ofKinds(kind), touched]), { from, to }, 'backward');
  reasons.add(last('page_alloc', 0, mapped), 'allocated the mfn');
  reasons.add(last('owner_set', 0, mapped), 'gave the mfn its owner');
  reasons.add(last('page_free', mapped, at + 1), 'freed the mfn since');
  reasons.add(last('page_alloc', mapped, at + 1), 'allocated the mfn since');
  reasons.add(last('m2p_set', 0, at + 1), 'set the M2P of the mfn');
}
