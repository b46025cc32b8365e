import { visible, visibleText } from './visible.js';

/**
 * Text for a cell of CSV, not yet quoted; what is hidden is visible. Spreadsheets take what begins with one of these for
 * a formula, unless an apostrophe is before it; a number stays a number, and so does infinity.
 */
export function csvText(raw: string): string {
  // A line of a cell is a line of the log too, in which a runner of workflows looks for commands.
  const text = visibleText(raw).replace(/\n\s*(?=::|##\[)/g, visible);
  return /^[=+\-@\t]/.test(text) && !/^[-+]?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|infinity)$/i.test(text) ? `'${text}` : text;
}
