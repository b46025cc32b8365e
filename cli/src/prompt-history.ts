import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeFolderOf, writeOutput } from '@p2mtrace/trace-format/output';

/** Prompts that remember their lines, each in its own file. */
export type Prompt = 'debug' | 'sql';

/** Where the user's state is stored (XDG base directories). */
const pathOf = (prompt: Prompt) =>
  join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'p2mtrace', `${prompt}-history`);

/** Lines of earlier sessions, last one first, as readline expects; empty if there is no such file. */
export function readPromptHistory(prompt: Prompt): string[] {
  try {
    return readFileSync(pathOf(prompt), 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

/** Saves the lines for the next session, if that is possible. */
export function savePromptHistory(prompt: Prompt, lines: readonly string[]): void {
  if (lines.length === 0) return;
  const path = pathOf(prompt);
  try {
    makeFolderOf(path);
    writeOutput(path, lines.map(line => `${line}\n`).join(''), { mode: 0o600 });
  } catch {
    // A prompt without history is better than none.
  }
}
