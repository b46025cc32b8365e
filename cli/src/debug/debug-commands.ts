import { suggestion, usageError } from '@p2mtrace/trace-format';
import { ASK_COMMANDS } from './ask-commands.js';
import type { DebugCommand } from './debug-command.js';
import { MOVE_COMMANDS } from './move-commands.js';
import type { Session } from './session.js';
import { SHOW_COMMANDS } from './show-commands.js';

const OTHER_COMMANDS: readonly DebugCommand[] = [
  {
    name: 'help',
    args: '[COMMAND]',
    help: 'these commands; they may be abbreviated while they stay unique',
    expects: 'command',
    run: async (session, [name]) => {
      const commands = name === undefined ? DEBUG_COMMANDS : [commandOf(name)];
      for (const line of helpLines(commands)) await session.print(line);
    },
  },
  {
    name: 'quit',
    args: '',
    help: 'leave',
    run: async session => {
      session.isDone = true;
    },
  },
];

/** Every command of the prompt, in the order of its help. */
export const DEBUG_COMMANDS: readonly DebugCommand[] = [
  ...MOVE_COMMANDS,
  ...SHOW_COMMANDS,
  ...ASK_COMMANDS,
  ...OTHER_COMMANDS,
];

/** Runs one line; an empty one does nothing. @throws P2mError P2M_COMMAND (usage), and what the command throws */
export async function runLine(session: Session, line: string): Promise<void> {
  const [name, ...args] = line.trim().split(/\s+/);
  if (name !== '') await commandOf(name).run(session, args);
}

/** The command with this name, or the only one whose name begins with it. @throws P2mError P2M_COMMAND (usage) */
function commandOf(name: string): DebugCommand {
  const exact = DEBUG_COMMANDS.find(command => command.name === name);
  const found = exact === undefined ? DEBUG_COMMANDS.filter(command => command.name.startsWith(name)) : [exact];
  if (found.length === 1) return found[0];
  const names = (found.length === 0 ? DEBUG_COMMANDS : found).map(command => command.name);
  throw usageError(
    'P2M_COMMAND',
    found.length === 0 ? `there is no command ${name}${suggestion(name, names)}` : `${name} may be one of several`,
    `${found.length === 0 ? 'the commands are' : 'it may be'} ${names.join(', ')}`,
  );
}

/** Commands with their descriptions, in columns. */
function helpLines(commands: readonly DebugCommand[]): string[] {
  const usages = commands.map(({ name, args }) => `${name} ${args}`.trimEnd());
  const width = Math.min(32, Math.max(...usages.map(usage => usage.length)));
  return commands.flatMap(({ help }, i) =>
    usages[i].length <= width ? [`${usages[i].padEnd(width)}  ${help}`] : [usages[i], `${' '.repeat(width)}  ${help}`],
  );
}
