import { EventReader, eventsTouching, matchingEvents, parseExpression, type Subject } from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import type { Story } from '../explain/story.js';

/** Number of pages whose freeing shows that a domain is torn down. */
const FIRST_FREES = 4;

/**
 * Sets of events, by seq and in order, in which a finding may show again, each larger than the one before: the
 * witnesses with the locks that were held; what happened to its subjects, and what its pcpus locked, in between; the
 * whole history of its subjects; how its domains end; all that these did; everything.
 */
export function* candidates(reader: TraceReader, story: Story): Generator<readonly number[]> {
  const { occurrence, steps, pcpus, chains } = story;
  const subjects = subjectsOfStory(story);
  const found = new Set<number>();
  const add = (...sources: Iterable<number>[]) => {
    for (const seqs of sources) for (const seq of seqs) found.add(seq);
    return [...found].sort((a, b) => a - b);
  };

  const core = add(
    occurrence.witness.map(({ seq }) => seq),
    steps.flatMap(({ held }) => held.map(({ since_seq }) => since_seq)),
  );
  if (core.length > 0) {
    yield core;
    const meanwhile = { from: core[0], to: core[core.length - 1] + 1 };
    const ofSubjects = subjects.map(subject => eventsTouching(reader, subject, meanwhile));
    yield add(...ofSubjects, ...pcpus.map(pcpu => matchingEvents(reader, contextOf(reader, pcpu), meanwhile)));
  }
  yield add(
    ...subjects.map(subject => eventsTouching(reader, subject)),
    chains.flatMap(({ why }) => why.reasons.map(({ seq }) => seq)),
  );
  const domids = new Set(subjects.flatMap(subject => (subject.about === 'gfn' ? subject.domid : [])));
  if (typeof occurrence.subject.domid === 'number') domids.add(occurrence.subject.domid);
  yield add(...[...domids].flatMap(domid => firstFreesOfTeardown(reader, domid)));
  yield add(...[...domids].map(domid => eventsTouching(reader, { about: 'domain', domid })));
  yield reader.batches.flatMap(({ firstSeq, rows }) => Array.from({ length: rows }, (_, row) => firstSeq + row));
}

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

/** The finding's subjects, and the locks of its witnesses, each once. */
export function subjectsOfStory({ steps, chains }: Pick<Story, 'steps' | 'chains'>): Subject[] {
  const all = [...steps.flatMap(({ scenes }) => scenes), ...chains].map(({ subject }) => subject);
  return [...new Map(all.map(subject => [JSON.stringify(subject), subject])).values()];
}

/** What a pcpu locked, and which vcpus it ran. */
const contextOf = ({ names }: TraceReader, pcpu: number) =>
  parseExpression(`pcpu == ${pcpu} and (kind == lock_acquire or kind == lock_release or kind == sched_switch)`, names);

/** Writes of entries that are kept for the reader of a slice. */
const WRITES = 16;

/**
 * What a reader needs besides the events that show the finding: the writes that gave its gfn or frame an entry, and
 * removed it, between the first and the last event of a slice.
 */
export function contextOfSlice(reader: TraceReader, story: Story, seqs: readonly number[]): number[] {
  const meanwhile = { from: seqs[0], to: seqs[seqs.length - 1] };
  const writes = new Set(matchingEvents(reader, parseExpression('kind == set_entry', reader.names), meanwhile));
  const touching = subjectsOfStory(story)
    .filter(({ about }) => about !== 'lock')
    .flatMap(subject => [...eventsTouching(reader, subject, meanwhile)]);
  const found = touching.filter(seq => writes.has(seq) && !seqs.includes(seq));
  return [...new Set(found)].sort((a, b) => a - b).slice(-WRITES);
}
