import { SUBJECTS } from '@p2mtrace/replayer';
import { LAYOUT_NAMES } from '@p2mtrace/trace-format';
import { TOPICS } from '../command-specs/topics.js';
import { COMMANDS } from '../commands.js';
import { REPORTERS } from '../reporters/index.js';
import { SHELLS } from '../shells.js';

/** Names of arguments and of options' values that stand for files and folders. */
const FILES = new Set(
  'trace traces input file folder path paths pattern module before after other name[=file] about'.split(' '),
);

/** What can stand in the place of an argument or of an option's value. */
export interface Candidates {
  readonly words: readonly string[];
  /** True if it may be the name of a file. */
  readonly files: boolean;
}

/** Candidates by the name of an argument or value: `rule`, `trace`, `position`. */
export async function candidatesFor(command: string, name: string): Promise<Candidates> {
  if (command === 'history' && name === 'about') return { words: SUBJECTS, files: false };
  return { words: await wordsFor(name), files: FILES.has(name) };
}

async function wordsFor(name: string): Promise<readonly string[]> {
  switch (name) {
    // The first argument of explain is a rule or a trace.
    case 'about':
    case 'rule': {
      const { ANALYZERS, RULES } = await import('@p2mtrace/analyzers');
      return [...ANALYZERS.map(({ id }) => id), ...RULES.map(({ id }) => id)];
    }
    case 'position':
      return ['start', 'end'];
    case 'profile':
      return LAYOUT_NAMES;
    case 'name[=file]':
      return Object.keys(REPORTERS);
    case 'view':
      return ['host'];
    case 'shell':
      return SHELLS;
    case 'topic':
      return [...COMMANDS.map(command => command.name), ...TOPICS.map(topic => topic.name)];
    default:
      return [];
  }
}
