import { eventsTouching, matchingEvents, parseExpression, type Subject } from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import type { Story } from '../explain/story.js';

/** Events of a domain that show how it ends, if it does: a teardown frees page after page. */
const LAST_EVENTS = 64;

/**
 * Sets of events, by seq and in order, in which a finding may show again, each larger than the one before: the
 * witnesses with the locks that were held; what happened to its subjects, and what its pcpus locked, meanwhile; its
 * subjects' whole history; how its domains end; all that they did; everything.
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
  const ofDomains = [...domids].map(domid => [...eventsTouching(reader, { about: 'domain', domid })]);
  yield add(...ofDomains.map(seqs => seqs.slice(-LAST_EVENTS)));
  yield add(...ofDomains);
  yield reader.batches.flatMap(({ firstSeq, rows }) => Array.from({ length: rows }, (_, row) => firstSeq + row));
}

/** The finding's subjects, and the locks of its witnesses; each once. */
export function subjectsOfStory({ steps, chains }: Pick<Story, 'steps' | 'chains'>): Subject[] {
  const all = [...steps.flatMap(({ scenes }) => scenes), ...chains].map(({ subject }) => subject);
  return [...new Map(all.map(subject => [JSON.stringify(subject), subject])).values()];
}

/** What a pcpu locked, and whom it ran. */
const contextOf = ({ names }: TraceReader, pcpu: number) =>
  parseExpression(`pcpu == ${pcpu} and (kind == lock_acquire or kind == lock_release or kind == sched_switch)`, names);

/** Writes of entries that are kept for whoever reads a slice. */
const WRITES = 16;

/**
 * What a person asks for besides what shows the finding: the writes that gave its gfn or frame an entry, and took it,
 * between the first event of a slice and its last.
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
