import { visibleText } from './visible.js';

/**
 * Text for a cell of CSV, not yet quoted; what is hidden is visible. Spreadsheets take what begins with one of these for a formula, unless an
 * apostrophe is before it; a number stays a number.
 */
export function csvText(raw: string): string {
  const text = visibleText(raw);
  return /^[=+\-@\t]/.test(text) && !/^[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/i.test(text) ? `'${text}` : text;
}
