import { standardLibrary } from '@p2mtrace/analyzers';
import { usageError } from '@p2mtrace/trace-format';
import { writeRows } from '../render/rows.js';
import type { Terminal } from '../terminal.js';
import { RESULT_FORMATS, type ResultFormat } from './formats.js';
import { isFileFormat } from './result-formats.js';
import type { SqlCommand } from './sql-session.js';

/** State of the shell between lines. */
export interface ShellState {
  readonly sql: SqlCommand;
  readonly out: Terminal;
  hasTiming: boolean;
  isDone: boolean;
}

interface DotCommand {
  readonly name: string;
  readonly args: string;
  readonly help: string;
  readonly run: (state: ShellState, word: string | undefined) => Promise<void>;
}

export const DOT_COMMANDS: readonly DotCommand[] = [
  {
    name: '.tables',
    args: '',
    help: 'tables, views and macros',
    run: async ({ sql, out }) => {
      const modules = [...standardLibrary(), ...sql.modules];
      const definitions = modules.flatMap(module =>
        module.definitions.map(({ usage, doc }) => [usage, module.name, doc] as const),
      );
      const tables = sql.tables.map(({ name, from, doc }) => [name, from, doc] as const);
      await writeRows(
        out,
        'table',
        [{ name: 'name' }, { name: 'from' }, { name: 'what' }],
        [...tables, ...definitions],
      );
    },
  },
  {
    name: '.schema',
    args: '[NAME]',
    help: 'columns of a table or view, or of all tables',
    run: async ({ sql }, name) => {
      const names = name === undefined ? sql.tables.map(table => table.name) : [name];
      for (const one of names) {
        if (names.length > 1) await sql.run(`select '${one}' as "table"`);
        await sql.run(`select column_name, column_type from (describe "${one}") -- ${one}`);
      }
    },
  },
  {
    name: '.format',
    args: RESULT_FORMATS.filter(format => !isFileFormat(format)).join('|'),
    help: 'form of the results that follow',
    run: async ({ sql }, format) => {
      const known = RESULT_FORMATS.find(one => one === format && !isFileFormat(one));
      if (known === undefined) throw usageError('P2M_FORMAT', `.format: no such form`, 'see .help');
      sql.format = known satisfies ResultFormat;
    },
  },
  {
    name: '.timing',
    args: '[on|off]',
    help: 'tell how long each statement took',
    run: async (state, word) => {
      state.hasTiming = word === undefined ? !state.hasTiming : word === 'on';
    },
  },
  {
    name: '.help',
    args: '',
    help: 'this list',
    run: async ({ out }) => {
      for (const { name, args, help } of DOT_COMMANDS) await out.write(`${`${name} ${args}`.padEnd(40)}${help}\n`);
    },
  },
  {
    name: '.quit',
    args: '',
    help: 'leave (Ctrl-D)',
    run: async state => {
      state.isDone = true;
    },
  },
];

/** Runs a line that begins with a dot; names may be shortened if they stay unique. @throws P2mError P2M_COMMAND */
export async function runDotCommand(state: ShellState, line: string): Promise<void> {
  const [word, argument] = line.split(/\s+/);
  const found = DOT_COMMANDS.filter(({ name }) => name.startsWith(word));
  if (found.length !== 1) throw usageError('P2M_COMMAND', `${word}: no such command`, 'see .help');
  await found[0].run(state, argument);
}
