import { standardLibrary } from '@p2mtrace/analyzers';
import { COLUMN_NAMES, KINDS } from '@p2mtrace/trace-format';
import { DOT_COMMANDS } from './dot-commands.js';
import type { SqlCommand } from './sql-session.js';

const KEYWORDS =
  'select from where group by order limit count sum min max avg distinct join left using on as and or not null is in between having with union all case when then else end asc desc describe explain filter'.split(
    ' ',
  );

/** Words that a query may contain: keywords, tables, definitions, columns, and kinds of events. */
export async function sqlWords({ modules, tables }: SqlCommand): Promise<readonly string[]> {
  const definitions = [...standardLibrary(), ...modules].flatMap(module => module.definitions);
  const words = [
    ...KEYWORDS,
    ...tables.flatMap(({ name, columns }) => [name, ...columns]),
    ...definitions.map(({ name, usage }) => (usage.includes('(') ? `${name}(` : name)),
    ...COLUMN_NAMES,
    ...KINDS.map(({ name }) => name),
  ];
  return [...new Set(words)].sort();
}

/** Completions of a line in the form that readline expects: the candidates, and the text that they complete. */
export function complete(words: readonly string[], line: string): [string[], string] {
  if (line.startsWith('.') && !line.includes(' ')) {
    return [DOT_COMMANDS.map(({ name }) => `${name} `).filter(name => name.startsWith(line)), line];
  }
  const last = /\w*$/.exec(line)?.[0] ?? '';
  if (last === '') return [[], ''];
  return [words.filter(word => word.startsWith(last.toLowerCase())), last];
}
