import type { Terminal } from '../terminal.js';
import { complete } from './complete.js';

/** Tells the shell that a file is no answer. */
const NO_FILES = 4;

/**
 * Answers the script of a shell, in the form that the scripts expect: a word and what it means on each line, and at the
 * end a line with a number about them.
 */
export async function answer(words: readonly string[], out: Terminal): Promise<void> {
  const { words: found, files } = await complete(words);
  for (const { word, help } of found) await out.write(`${word}\t${help}\n`);
  await out.write(`:${files ? 0 : NO_FILES}\n`);
}
