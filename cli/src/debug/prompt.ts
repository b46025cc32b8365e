import { createInterface } from 'node:readline';
import type { Context } from '../command.js';
import { describeError, isP2mError } from '../exit.js';
import { readPromptHistory, savePromptHistory } from '../prompt-history.js';
import { complete } from './complete.js';
import { runLine } from './debug-commands.js';
import type { Session } from './session.js';

/** Reads commands from the terminal until the user leaves. Ctrl-C stops a search, or clears the line. */
export async function runPrompt(session: Session, { err }: Context): Promise<void> {
  const lines = createInterface({
    input: process.stdin,
    output: process.stderr,
    terminal: true,
    history: readPromptHistory('debug'),
    historySize: 1000,
    removeHistoryDuplicates: true,
    completer: (line: string) => complete(session, line),
  });
  let history: readonly string[] = [];
  lines.on('history', all => {
    history = [...all];
  });
  lines.on('SIGINT', () => {
    session.interrupt();
    lines.write(null, { ctrl: true, name: 'u' });
  });
  let last = '';
  const ask = () => {
    lines.setPrompt(`${session.place}> `);
    lines.prompt();
  };
  ask();
  for await (const line of lines) {
    // As in other debuggers, an empty line repeats the last one.
    last = line.trim() === '' ? last : line;
    try {
      await runLine(session, last);
    } catch (error) {
      if (!isP2mError(error)) throw error;
      await session.out.flush();
      err.say(await describeError(error));
    }
    await session.out.flush();
    if (session.isDone) break;
    ask();
  }
  lines.close();
  savePromptHistory('debug', history);
}
