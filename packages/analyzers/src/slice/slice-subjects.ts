import type { Subject } from '@p2mtrace/replayer';
import type { Story } from '../explain/story.js';

type Told = Pick<Story, 'occurrence' | 'steps' | 'chains'>;

/** The finding's subjects, the locks of its witnesses, and the frames that these name, each once. */
export function subjectsOfStory({ occurrence, steps, chains }: Told): Subject[] {
  const told = [...steps.flatMap(({ scenes }) => scenes), ...chains].map(({ subject }) => subject);
  return unique([...told, ...steps.flatMap(({ event }) => framesNamed(event, occurrence.subject.domid))]);
}

/** Those about memory: the history of a lock is long, and says little of what became of a page. */
export const framesOfStory = (story: Told): Subject[] => subjectsOfStory(story).filter(({ about }) => about !== 'lock');

/** A write that failed or took an entry away has no mfn: by its gfn it is found. */
function framesNamed({ domid, gfn, mfn }: Told['steps'][number]['event'], among: unknown): Subject[] {
  const subjects: Subject[] = [];
  if (typeof domid === 'number' && domid === (among ?? domid) && isFrame(gfn)) {
    subjects.push({ about: 'gfn', domid, gfn: Number(gfn) });
  }
  if (isFrame(mfn)) subjects.push({ about: 'mfn', mfn: Number(mfn) });
  return subjects;
}

/** Larger ones are no frames that a replay follows. */
const isFrame = (text: unknown): boolean => typeof text === 'string' && Number(text) < 2 ** 52;

function unique(subjects: readonly Subject[]): Subject[] {
  return [...new Map(subjects.map(subject => [JSON.stringify(subject), subject])).values()];
}
