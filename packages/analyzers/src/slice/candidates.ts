import { eventsTouching, matchingEvents, parseExpression, type Subject } from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import type { Story } from '../explain/story.js';

/**
 * Sets of events, by seq and in order, in which a finding may show again, each larger than the one before: the
 * witnesses with the locks that were held; what happened to its subjects, and what its pcpus locked, meanwhile; its
 * subjects' whole history; its domains'; everything.
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
  yield add(...[...domids].map(domid => eventsTouching(reader, { about: 'domain', domid })));
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
