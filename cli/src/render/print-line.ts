import { visible } from '../text/visible.js';
import { fittedLine } from './fitted-line.js';
import type { TextOut } from './rows.js';

/** Writes a line of text for people: folded where the terminal is too narrow for it. @throws ClosedPipe */
export async function printLine(out: TextOut, text: string): Promise<void> {
  for (const line of fittedLine(visible(text), out.width)) await out.write(`${line}\n`);
}
