import type { Subject } from '../events/subject.js';
import type { Replay } from '../replay.js';
import { type Reason, Reasons } from './reasons.js';
import { type SubjectState, stateOf } from './subject-state.js';
import { whyEntry } from './why-entry.js';
import { whyLock } from './why-lock.js';
import { whyPage } from './why-page.js';

/** The chain of events behind the state of a subject. */
export interface Explanation {
  /** The state explained is the one after this event. */
  readonly at: number;
  readonly state: SubjectState;
  /** In order of seq; all roles of an event are in one entry. */
  readonly reasons: readonly Reason[];
  /** What was left out, and what the trace does not show. */
  readonly notes: readonly string[];
}

/**
 * Why a gfn's entry, an mfn's page_info or a lock is as it is after an event. Moves the replay.
 * @throws P2mError P2M_SUBJECT, P2M_VIEW, P2M_POSITION (usage), P2M_DAMAGED
 */
export function why(replay: Replay, subject: Subject, at: number): Explanation {
  const look = stateOf(replay.reader, subject);
  const reasons = new Reasons(replay);
  const state = look(replay.at(at));
  if (subject.about === 'gfn') whyEntry(reasons, subject, at);
  else if (subject.about === 'mfn') whyPage(reasons, subject.mfn, at);
  else if (state.about === 'lock') whyLock(reasons, state, at);
  return { at, state, reasons: reasons.list(), notes: reasons.notes };
}
