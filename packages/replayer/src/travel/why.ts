import { EventReader, type TraceEvent } from '../events/event-reader.js';
import type { Subject } from '../events/subject.js';
import { type Doer, doersOf } from '../history/doers.js';
import type { Replay } from '../replay.js';
import { type SubjectState, stateOf } from './subject-state.js';
import { whyEntry } from './why-entry.js';
import { whyLock } from './why-lock.js';
import { whyPage } from './why-page.js';

/** What an event has to do with a value. */
export interface Reason {
  readonly seq: number;
  /** `wrote the entry`, `allocated the mfn`, … */
  readonly role: string;
  readonly event: TraceEvent;
  readonly by: Doer;
}

/** The chain of events behind the state of a subject. */
export interface Explanation {
  /** The state is that after this event. */
  readonly at: number;
  readonly state: SubjectState;
  /** In order of seq; an event has all its roles in one. */
  readonly reasons: readonly Reason[];
  /** What was left out, and what the trace does not tell. */
  readonly notes: readonly string[];
}

/** Where an explanation is gathered: events with their roles. */
export class Reasons {
  readonly replay: Replay;
  readonly events: EventReader;
  readonly notes: string[] = [];
  private readonly roles = new Map<number, string>();

  constructor(replay: Replay) {
    this.replay = replay;
    this.events = new EventReader(replay.reader);
  }

  add(seq: number | null | undefined, role: string): void {
    if (seq === null || seq === undefined) return;
    const before = this.roles.get(seq);
    this.roles.set(seq, before === undefined || before === role ? role : `${before}; ${role}`);
  }

  /** The innermost lock that was held when the event happened. */
  addLockOf(seq: number, role: string): void {
    const event = this.events.at(seq);
    if (typeof event?.pcpu !== 'number') return;
    this.add(
      this.replay
        .at(seq - 1)
        .replayer.locks.heldBy(event.pcpu)
        .at(-1)?.seq,
      role,
    );
  }

  list(): Reason[] {
    const doers = doersOf(this.replay.reader, this.roles.keys());
    return [...this.roles]
      .sort(([a], [b]) => a - b)
      .map(([seq, role]) => ({ seq, role, event: this.events.at(seq) as TraceEvent, by: doers.get(seq) as Doer }));
  }
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
