import { csvText } from '../text/csv-text.js';
import { cellText } from './cell.js';

/** A line of CSV as in RFC 4180, but ending with a newline only. */
export function csvLine(row: readonly unknown[]): string {
  return `${row.map(value => quoted(typeof value === 'number' || typeof value === 'bigint' ? cellText(value) : csvText(cellText(value)), value)).join(',')}\n`;
}

/** Empty text is quoted, so that it differs from null. */
function quoted(text: string, value: unknown): string {
  if (text === '') return value === '' ? '""' : '';
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
