import { SUBJECTS } from '@p2mtrace/replayer';
import { COLUMN_NAMES, COLUMNS, type ColumnName, type ColumnSpec, FLAG_NAMES } from '@p2mtrace/trace-format';
import { STATE_TABLES } from '../state-tables.js';
import type { Expects } from './debug-command.js';
import { DEBUG_COMMANDS } from './debug-commands.js';
import type { Session } from './session.js';

/** Completions of a line in the form that readline expects: the candidates, and the text that they complete. */
export function complete(session: Session, line: string): [string[], string] {
  const words = line.split(/\s+/);
  const last = words.at(-1) ?? '';
  return [candidates(session, words.slice(0, -1)).filter(word => word.startsWith(last)), last];
}

/** Words that may follow these. */
function candidates(session: Session, [name, ...args]: readonly string[]): string[] {
  if (name === undefined || name === '') return DEBUG_COMMANDS.map(command => `${command.name} `);
  const expects = DEBUG_COMMANDS.find(command => command.name.startsWith(name))?.expects;
  return expects === undefined ? [] : BY_EXPECTATION[expects](session, args);
}

const BY_EXPECTATION: Readonly<Record<Expects, (session: Session, args: readonly string[]) => string[]>> = {
  command: () => DEBUG_COMMANDS.map(command => command.name),
  position: () => ['start', 'end', 'seq:', 'tsc:', 'time:'],
  subject,
  state: (session, args) => [...(args.length === 0 ? ['summary', ...STATE_TABLES] : []), ...subject(session, args)],
  condition,
};

function subject(session: Session, args: readonly string[]): string[] {
  if (args.length === 0) return SUBJECTS.map(name => `${name} `);
  if (args.length > 1) return [];
  switch (args[0]) {
    case 'lock':
      return [...session.reader.names.lock_class, ...session.reader.names.lock];
    case 'gfn':
      return [
        ...new Set(
          session
            .state()
            .p2ms()
            .map(({ domid }) => `${domid}:0x`),
        ),
      ];
    default:
      return [];
  }
}

function condition(session: Session, args: readonly string[]): string[] {
  const [column, relation] = args.slice(-2);
  const last = args.at(-1) ?? 'and';
  if (column === 'flags' && relation === 'has') return [...FLAG_NAMES];
  if (column === 'touches') return subject(session, [relation]);
  if (last === 'touches') return subject(session, []);
  if (['==', '!='].includes(last)) return namesOf(session, column);
  if (last === 'flags') return ['has ', '== ', '!= '];
  if (isColumn(last)) return ['== ', '!= ', '< ', '<= ', '> ', '>= '];
  if (['and', 'or', 'not', '('].includes(last)) return [...COLUMN_NAMES.map(name => `${name} `), 'not ', 'touches '];
  return ['and ', 'or '];
}

const isColumn = (word: string): word is ColumnName => COLUMN_NAMES.includes(word as ColumnName);

/** Names that may be values of a column. */
function namesOf({ reader }: Session, column: string): string[] {
  const spec: ColumnSpec | undefined = isColumn(column) ? COLUMNS[column] : undefined;
  return spec?.dictionary === undefined ? [] : [...reader.names[spec.dictionary]];
}
