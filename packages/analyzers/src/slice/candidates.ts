import {
  EventReader,
  eventsTouching,
  firstMatch,
  matchingEvents,
  parseExpression,
  type SeqRange,
  type Subject,
} from '@p2mtrace/replayer';
import { KINDS, type TraceReader } from '@p2mtrace/trace-format';
import type { Story } from '../explain/story.js';
import { withLocks } from './lock-spans.js';
import { recordsBefore } from './records-before.js';
import { framesOfStory, subjectsOfStory } from './slice-subjects.js';

/** Number of pages whose freeing shows that a domain is torn down. */
const FREES = 4;
/** Events of a mechanism looked at before the first witness. */
const JUST_BEFORE = 8;

/** Events, by seq and in order, in which a finding may show again. */
export interface Candidate {
  readonly seqs: readonly number[];
  /** What its snapshots are to show, besides what the story is about. */
  readonly shown: readonly Subject[];
}

/**
 * Sets of events, each larger than the one before: the witnesses with the locks that were held and what tells their
 * order; what happened to its frames in between, under their locks; that its domains were destroyed, or torn down; what
 * these did just before; what happened to its locks and what its pcpus did meanwhile; the whole history of its subjects;
 * all that its domains did; everything.
 */
export function* candidates(reader: TraceReader, story: Story): Generator<Candidate> {
  const { occurrence, steps, pcpus, chains } = story;
  const [subjects, frames] = [subjectsOfStory(story), framesOfStory(story)];
  const found = new Set<number>();
  let yielded = 0;
  function* grow(...sources: Iterable<number>[]): Generator<Candidate> {
    for (const seqs of sources) for (const seq of seqs) found.add(seq);
    if (found.size === yielded) return;
    yielded = found.size;
    yield { seqs: inOrder(found), shown: [] };
  }

  /** With gaps between them these may not fit what comes next. */
  function* besides(seqs: Iterable<number>, shown: readonly Subject[] = []): Generator<Candidate> {
    const all = new Set([...found, ...seqs]);
    if (all.size > found.size) yield { seqs: inOrder(all), shown };
  }

  const witnesses = occurrence.witness.map(({ seq }) => seq);
  const held = steps.flatMap(step => step.held.map(({ since_seq }) => since_seq));
  yield* grow(withLocks(reader, [...witnesses, ...held, ...recordsBefore(reader, witnesses)]));
  const domids = new Set(subjects.flatMap(subject => (subject.about === 'gfn' ? subject.domid : [])));
  if (typeof occurrence.subject.domid === 'number') domids.add(occurrence.subject.domid);
  if (found.size > 0) {
    const meanwhile = { from: Math.min(...found), to: Math.max(...found) + 1 };
    const during = (subject: Subject) => eventsTouching(reader, subject, meanwhile);
    yield* grow(
      withLocks(
        reader,
        frames.flatMap(subject => [...during(subject)]),
      ),
    );
    yield* grow(...[...domids].map(domid => endsOf(reader, domid)));
    const frees = [...domids].flatMap(domid => freesOfTeardown(reader, domid, meanwhile.from));
    yield* besides(
      frees.flatMap(({ seqs }) => seqs),
      frees.map(({ mfn }) => mfn),
    );
    yield* besides(withLocks(reader, justBefore(reader, story)));
    yield* grow(
      ...subjects.map(during),
      ...pcpus.map(pcpu => matchingEvents(reader, contextOf(reader, pcpu), meanwhile)),
    );
  }
  yield* grow(
    withLocks(
      reader,
      frames.flatMap(subject => [...eventsTouching(reader, subject)]),
    ),
    ...subjects.map(subject => eventsTouching(reader, subject)),
    chains.flatMap(({ why }) => why.reasons.map(({ seq }) => seq)),
  );
  yield* grow(...[...domids].map(domid => eventsTouching(reader, { about: 'domain', domid })));
  yield* grow(reader.batches.flatMap(({ firstSeq, rows }) => Array.from({ length: rows }, (_, row) => firstSeq + row)));
}

const inOrder = (seqs: Iterable<number>): number[] => [...new Set(seqs)].sort((a, b) => a - b);

/**
 * What the witnesses' domains did before the first witness by the same mechanism: a check may count from what an event
 * recorded, and believe it only when it is not the first.
 */
function justBefore(reader: TraceReader, { steps }: Story): number[] {
  const { names } = reader;
  return steps.flatMap(({ event: { domid, kind } }) => {
    const group = KINDS.find(({ name }) => name === kind)?.group;
    if (typeof domid !== 'number') return [];
    const kinds = KINDS.filter(one => one.group === group).map(({ name }) => `kind == ${name}`);
    const filter = parseExpression(`domid == ${domid} and (${kinds.join(' or ')})`, names);
    const found: number[] = [];
    for (const seq of matchingEvents(reader, filter, { to: steps[0].event.seq }, 'backward')) {
      if (found.push(seq) === JUST_BEFORE) break;
    }
    return found;
  });
}

/** That a domain was destroyed. */
const endsOf = (reader: TraceReader, domid: number): Iterable<number> =>
  matchingEvents(reader, parseExpression(`domid == ${domid} and kind == domain_destroy`, reader.names));

/**
 * The last pages freed after the last use of the domain's p2m, each with the write that mapped it if that is not before
 * `begin`, where snapshots show it: a teardown frees what the p2m still maps.
 */
function freesOfTeardown(reader: TraceReader, domid: number, begin: number) {
  const { names } = reader;
  const uses = parseExpression(`domid == ${domid} and (kind == lookup or kind == set_entry)`, names);
  const from = firstMatch(reader, uses, undefined, 'backward') ?? 0;
  const frees = parseExpression(`owner == ${domid} and kind == page_free`, names);
  const events = new EventReader(reader);
  const found: { readonly mfn: Subject; readonly seqs: readonly number[] }[] = [];
  for (const seq of matchingEvents(reader, frees, { from }, 'backward')) {
    const mfn: Subject = { about: 'mfn', mfn: Number(events.at(seq)?.mfn) };
    found.push({ mfn, seqs: [...lastMapping(reader, events, domid, mfn, { from: begin, to: from + 1 }), seq] });
    if (found.length === FREES) break;
  }
  return found;
}

/** The last write that gave an mfn to a domain, if there is one. */
function lastMapping(reader: TraceReader, events: EventReader, domid: number, mfn: Subject, range: SeqRange): number[] {
  for (const seq of eventsTouching(reader, mfn, range, 'backward')) {
    const event = events.at(seq);
    const flags = Array.isArray(event?.flags) ? event.flags : [];
    if (event?.kind === 'set_entry' && event.domid === domid && !flags.includes('failed')) return [seq];
  }
  return [];
}

/** What a pcpu locked, and which vcpus it ran. */
const contextOf = ({ names }: TraceReader, pcpu: number) =>
  parseExpression(`pcpu == ${pcpu} and (kind == lock_acquire or kind == lock_release or kind == sched_switch)`, names);
