import type { TextOut } from '../render/rows.js';
import { visible } from '../text/visible.js';
import { htmlLetter } from './html-letter.js';
import type { Letter } from './letter.js';
import { mailLetter } from './mail-letter.js';
import { markdownLetter } from './markdown-letter.js';

/** Forms of a letter. */
export type LetterFormat = 'mail' | 'md' | 'html';

/** Writes a letter in one of its forms. @throws ClosedPipe */
export async function writeLetter(letter: Letter, format: LetterFormat, out: TextOut): Promise<void> {
  if (format === 'html') await out.write(htmlLetter(letter));
  // Markdown has its own gate for text; what is hidden is none that passed it.
  else if (format === 'md') for (const line of markdownLetter(letter)) await out.write(`${line}\n`);
  else for (const line of mailLetter(letter)) await out.write(`${visible(line)}\n`);
}
