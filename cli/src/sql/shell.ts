import { createInterface } from 'node:readline';
import { splitStatements } from '@p2mtrace/analyzers';
import type { Context } from '../command.js';
import { describeError, isP2mError } from '../exit.js';
import { readPromptHistory, savePromptHistory } from '../prompt-history.js';
import { complete, sqlWords } from './complete.js';
import { runDotCommand, type ShellState } from './dot-commands.js';
import type { SqlCommand } from './sql-session.js';

const WELCOME = `.help lists the commands, .tables the tables; a statement ends with ; and Ctrl-D leaves.\n`;

/**
 * Reads statements and dot commands from the terminal until the user leaves. Ctrl-C ends a query, or clears the line.
 */
export async function runShell(sql: SqlCommand, { out, err }: Context): Promise<void> {
  const words = await sqlWords(sql);
  const lines = createInterface({
    input: process.stdin,
    output: process.stderr,
    terminal: true,
    history: readPromptHistory('sql'),
    historySize: 1000,
    removeHistoryDuplicates: true,
    completer: (line: string) => complete(words, line),
  });
  let history: readonly string[] = [];
  lines.on('history', all => {
    history = [...all];
  });
  let pending = '';
  const ask = () => {
    lines.setPrompt(pending === '' ? 'sql> ' : '...> ');
    lines.prompt();
  };
  lines.on('SIGINT', () => {
    sql.interrupt();
    pending = '';
    lines.write(null, { ctrl: true, name: 'u' });
    ask();
  });
  const state: ShellState = { sql, out, hasTiming: false, isDone: false };
  err.say(WELCOME);
  ask();
  for await (const line of lines) {
    try {
      if (pending === '' && line.trimStart().startsWith('.')) await runDotCommand(state, line.trim());
      else pending = await runComplete(state, `${pending}${line}\n`, err);
    } catch (error) {
      pending = '';
      if (!isP2mError(error)) throw error;
      await out.flush();
      err.say(await describeError(error));
    }
    await out.flush();
    if (state.isDone) break;
    ask();
  }
  lines.close();
  savePromptHistory('sql', history);
}

/** Runs the complete statements; returns the text of the incomplete one. */
export async function runComplete(
  { sql, out, hasTiming }: ShellState,
  text: string,
  err: Context['err'],
): Promise<string> {
  const { statements, rest } = splitStatements(text);
  for (const statement of statements) {
    const start = performance.now();
    await sql.run(statement);
    await out.flush();
    if (hasTiming) err.say(`${((performance.now() - start) / 1000).toFixed(3)} s\n`);
  }
  return rest === '' ? '' : `${rest}\n`;
}
