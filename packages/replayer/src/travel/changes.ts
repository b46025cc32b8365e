import { anyOf } from '../events/combine-filters.js';
import { type EventFilter, matchingEvents } from '../events/event-filter.js';
import type { Subject } from '../events/subject.js';
import { touching } from '../events/touching.js';
import type { Replay } from '../replay.js';
import type { Search } from './search.js';
import { type SubjectState, stateKey, stateOf } from './subject-state.js';

/** Events between two chances for the caller to stop a search. */
const STEP = 1 << 19;
/** Candidates taken at a time on the way back: few at first, as the last one often is the change. */
const FEW = 2;
const MANY = 1024;

/**
 * The first event after `from` that changes the state of a gfn, mfn or lock. Moves the replay.
 * @throws P2mError P2M_SUBJECT, P2M_VIEW (usage), P2M_DAMAGED
 */
export function* forwardToChange(replay: Replay, subject: Subject, from: number): Search {
  const changes = new Changes(replay, subject);
  for (let at = from; at < replay.end; at += STEP) {
    const to = Math.min(at + STEP, replay.end);
    for (const seq of changes.between(at, to)) return seq;
    yield to;
  }
  return undefined;
}

/**
 * The last event up to `from` (inclusive) that changed the state of a gfn, mfn or lock: the one that made it what it is
 * at `from`. Moves the replay.
 * @throws P2mError P2M_SUBJECT, P2M_VIEW (usage), P2M_DAMAGED
 */
export function* backToChange(replay: Replay, subject: Subject, from: number): Search {
  const changes = new Changes(replay, subject);
  for (let [to, few] = [from, FEW]; to > replay.start; few = Math.min(2 * few, MANY)) {
    const { first, last } = changes.candidatesBefore(to, few);
    // A change between the last of them and `to` that names no subject: records began to be lost.
    const ranges =
      changes.keyAt(last) === changes.keyAt(to)
        ? [[first - 1, last]]
        : [
            [last, to],
            [first - 1, last],
          ];
    for (const [start, end] of ranges) {
      const seq = [...changes.between(start, end)].at(-1);
      if (seq !== undefined) return seq;
    }
    to = first - 1;
    yield to;
  }
  return undefined;
}

/** Finds the events that change the state of one subject. */
class Changes {
  private readonly replay: Replay;
  private readonly subject: Subject;
  private readonly look: ReturnType<typeof stateOf>;

  constructor(replay: Replay, subject: Subject) {
    this.replay = replay;
    this.subject = subject;
    this.look = stateOf(replay.reader, subject);
  }

  /** The state after an event, as text that is equal for equal states. */
  keyAt(seq: number): string {
    return stateKey(this.look(this.replay.at(seq)));
  }

  /** Events after `from` up to `to` that each changed the state. */
  *between(from: number, to: number): Generator<number, void> {
    for (let at = from; ; ) {
      const seq = this.firstBetween(at, to);
      if (seq === undefined) return;
      yield seq;
      at = seq;
    }
  }

  private firstBetween(from: number, to: number): number | undefined {
    const state = this.look(this.replay.at(from));
    const key = stateKey(state);
    let same = from;
    for (const seq of matchingEvents(this.replay.reader, this.candidates(state), { from: from + 1, to: to + 1 })) {
      if (this.keyAt(seq - 1) !== key) return this.bisect(same, seq - 1, key);
      if (this.keyAt(seq) !== key) return seq;
      same = seq;
    }
    return this.keyAt(to) === key ? undefined : this.bisect(same, to, key);
  }

  /** The first and the last of the `few` events up to `to` that may have changed the subject. */
  candidatesBefore(to: number, few: number): { readonly first: number; readonly last: number } {
    const { reader, start } = this.replay;
    const candidates = this.candidates(this.look(this.replay.at(to)));
    const seqs = [...taken(matchingEvents(reader, candidates, { to: to + 1 }, 'backward'), few)];
    return { first: seqs.at(-1) ?? start + 1, last: seqs[0] ?? start };
  }

  /** Events that may change a state: those that name the subject, or what maps it now. */
  private candidates(state: SubjectState): EventFilter {
    const { names } = this.replay.reader;
    const { view: _, ...subject } = this.subject as Subject & { view?: string };
    const mappings = state.about === 'mfn' ? state.mappings : [];
    return anyOf([
      touching(names, subject),
      ...mappings.map(({ domid, gfn }) => touching(names, { about: 'gfn', domid, gfn })),
    ]);
  }

  /** The event at which the state changed though no event named it: `key` holds at `low`, but not at `high`. */
  private bisect(low: number, high: number, key: string): number {
    let [same, other] = [low, high];
    while (other - same > 1) {
      const middle = Math.floor((same + other) / 2);
      if (this.keyAt(middle) === key) same = middle;
      else other = middle;
    }
    return other;
  }
}

function* taken<T>(values: Iterable<T>, limit: number): Generator<T> {
  let left = limit;
  for (const value of values) {
    yield value;
    if (--left === 0) return;
  }
}
