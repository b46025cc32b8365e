import {
  type Doer,
  doersOf,
  EventReader,
  type Explanation,
  type LockRow,
  type Replay,
  type Subject,
  type SubjectState,
  stateOf,
  type TraceEvent,
  why,
} from '@p2mtrace/replayer';
import type { Occurrence } from '../findings/finding.js';
import { subjectsOf } from './finding-subjects.js';

/** What was known of a subject before and after a witness. */
export interface Scene {
  readonly subject: Subject;
  readonly before: SubjectState;
  readonly after: SubjectState;
}

/** A witness of a finding, with its surroundings. */
export interface StoryStep {
  /** `lookup`, `changed`: the event's part in the finding; it may have several. */
  readonly roles: readonly string[];
  readonly event: TraceEvent;
  readonly by: Doer;
  /** What the pcpus of the story held just before; by pcpu, outermost first, of each the innermost ones. */
  readonly held: readonly LockRow[];
  /** How many locks outside of those each pcpu held, by pcpu; those without any are absent. */
  readonly heldOutside: ReadonlyMap<number, number>;
  readonly scenes: readonly Scene[];
}

/** How one occurrence of a finding came about. */
export interface Story {
  readonly occurrence: Occurrence;
  /** One per witness, in order of seq. */
  readonly steps: readonly StoryStep[];
  /** The pcpus of the witnesses. */
  readonly pcpus: readonly number[];
  /** Why each subject is as it is after the last witness. */
  readonly chains: readonly { readonly subject: Subject; readonly why: Explanation }[];
  /** Who wrote the states shown in the steps, by seq. */
  readonly writers: ReadonlyMap<number, Doer>;
}

/** Most locks of a pcpu, and most holders of a lock, in a step: where releases are missing, there seem to be more. */
const HELD = 16;

/**
 * The story of an occurrence, by its witnesses. Moves the replay.
 * @throws P2mError P2M_SUBJECT, P2M_VIEW (usage) if subjects are not of this trace, P2M_DAMAGED
 */
export function storyOf(replay: Replay, occurrence: Occurrence): Story {
  const { reader } = replay;
  const events = new EventReader(reader);
  const seqs = [...new Set(occurrence.witness.map(({ seq }) => seq))];
  const witnesses = seqs.map(seq => events.at(seq) as TraceEvent);
  const pcpus = [...new Set(witnesses.map(({ pcpu }) => pcpu))].filter(pcpu => typeof pcpu === 'number').sort();
  const doers = doersOf(reader, seqs);
  const steps = witnesses.map((event): StoryStep => {
    const subjects = subjectsAt(occurrence, event);
    const looks = subjects.map(subject => stateOf(reader, subject));
    const before = replay.at(event.seq - 1);
    const befores = looks.map(look => shortened(look(before)));
    const held = pcpus.flatMap(pcpu => before.held(pcpu, HELD));
    const outside = pcpus.map(pcpu => [pcpu, before.heldCount(pcpu) - HELD] as const).filter(([, count]) => count > 0);
    const after = replay.at(event.seq);
    return {
      roles: occurrence.witness.filter(({ seq }) => seq === event.seq).map(({ role }) => role),
      event,
      by: doers.get(event.seq) as Doer,
      held,
      heldOutside: new Map(outside),
      scenes: looks.map((look, i) => ({ subject: subjects[i], before: befores[i], after: shortened(look(after)) })),
    };
  });
  const last = witnesses.at(-1);
  const subjects = last === undefined ? subjectsOf(occurrence) : subjectsAt(occurrence, last);
  const chains = subjects.map(subject => ({ subject, why: why(replay, subject, last?.seq ?? replay.end) }));
  return { occurrence, steps, pcpus, chains, writers: doersOf(reader, steps.flatMap(writersIn)) };
}

/** The state with the last holders of a lock only. */
function shortened(state: SubjectState): SubjectState {
  if (state.about !== 'lock' || state.holders.length <= HELD) return state;
  return { ...state, holders: state.holders.slice(-HELD), more: state.holders.length - HELD };
}

/** The finding's subjects, and the lock of an event that is about another one. */
function subjectsAt(occurrence: Occurrence, { lock }: TraceEvent): Subject[] {
  const subjects = subjectsOf(occurrence);
  if (typeof lock !== 'string' || subjects.some(subject => subject.about === 'lock' && subject.lock === lock)) {
    return subjects;
  }
  return [...subjects, { about: 'lock', lock }];
}

/** seqs of the events that wrote what a step shows. */
function writersIn({ scenes }: StoryStep): number[] {
  return scenes.flatMap(({ before, after }) => [...writersOf(before), ...writersOf(after)]);
}

/** seqs of the events that gave a state its values. */
export function writersOf(state: SubjectState): number[] {
  switch (state.about) {
    case 'gfn':
      return state.entries.map(({ set_seq }) => set_seq).filter(seq => typeof seq === 'number');
    case 'mfn':
      return state.page.last_seq === null ? [] : [state.page.last_seq];
    case 'lock':
      return state.holders.map(({ since_seq }) => since_seq);
  }
}
