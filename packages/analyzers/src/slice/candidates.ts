import { EventReader, eventsTouching, matchingEvents, parseExpression, type Subject } from '@p2mtrace/replayer';
import { KINDS, type TraceReader } from '@p2mtrace/trace-format';
import type { Story } from '../explain/story.js';
import { withLocks } from './lock-spans.js';
import { recordsBefore } from './records-before.js';
import { framesOfStory, subjectsOfStory } from './slice-subjects.js';

/** Number of pages whose freeing shows that a domain is torn down. */
const FIRST_FREES = 4;
/** Events of a mechanism looked at before the first witness. */
const JUST_BEFORE = 8;

/**
 * Sets of events, by seq and in order, in which a finding may show again, each larger than the one before: the
 * witnesses with the locks that were held and what tells their order; what happened to its frames in between, under their locks; the ends of its
 * domains; what these did just before; what happened to its locks and what its pcpus did meanwhile; the whole history of its subjects; how its
 * domains are torn down; all that these did; everything.
 */
export function* candidates(reader: TraceReader, story: Story): Generator<readonly number[]> {
  const { occurrence, steps, pcpus, chains } = story;
  const [subjects, frames] = [subjectsOfStory(story), framesOfStory(story)];
  const found = new Set<number>();
  let yielded = 0;
  function* grow(...sources: Iterable<number>[]): Generator<readonly number[]> {
    for (const seqs of sources) for (const seq of seqs) found.add(seq);
    if (found.size === yielded) return;
    yielded = found.size;
    yield inOrder(found);
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
    // Besides what was found: with gaps between them these may not fit what comes next.
    yield inOrder([...found, ...withLocks(reader, justBefore(reader, story))]);
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
  yield* grow(...[...domids].flatMap(domid => firstFreesOfTeardown(reader, domid)));
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
 * The whole history of the first pages freed after the last use of the domain's p2m: a teardown frees what the p2m
 * still maps.
 */
function firstFreesOfTeardown(reader: TraceReader, domid: number): Iterable<number>[] {
  const { names } = reader;
  const uses = parseExpression(`domid == ${domid} and (kind == lookup or kind == set_entry)`, names);
  const [last = 0] = matchingEvents(reader, uses, undefined, 'backward');
  const frees = matchingEvents(reader, parseExpression(`owner == ${domid} and kind == page_free`, names), {
    from: last,
  });
  const events = new EventReader(reader);
  const histories: Iterable<number>[] = [];
  for (const seq of frees) {
    histories.push(eventsTouching(reader, { about: 'mfn', mfn: Number(events.at(seq)?.mfn) }));
    if (histories.length === FIRST_FREES) break;
  }
  return histories;
}

/** What a pcpu locked, and which vcpus it ran. */
const contextOf = ({ names }: TraceReader, pcpu: number) =>
  parseExpression(`pcpu == ${pcpu} and (kind == lock_acquire or kind == lock_release or kind == sched_switch)`, names);
