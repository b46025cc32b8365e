import { parseSubject, type Subject, type SubjectState, stateOf } from '@p2mtrace/replayer';
import { usageError } from '@p2mtrace/trace-format';
import type { Session } from './session.js';

/** `gfn 1:0x1234`, in two words. @throws P2mError P2M_SUBJECT, P2M_COMMAND (usage) */
export function subjectOf([about, which, ...more]: readonly string[]): Subject {
  if (about === undefined || which === undefined || more.length > 0) {
    throw usageError('P2M_COMMAND', 'a subject is two words', 'such as gfn 1:0x1234, mfn 0x9fe5e or lock p2m');
  }
  return parseSubject(about, which);
}

/** What is known of a subject after an event. @throws P2mError P2M_SUBJECT, P2M_VIEW (usage) */
export function stateOfSubject(session: Session, subject: Subject, seq: number): SubjectState {
  return stateOf(session.reader, subject)(session.trace.at(seq));
}
