import { visible } from './visible.js';

/** What our own texts have besides ASCII, as it is written where there is nothing else. */
const PLAIN: Readonly<Record<string, string>> = {
  '×': 'x',
  '…': '...',
  '→': '->',
  '←': '<-',
  '–': '-',
  '—': '-',
  '−': '-',
  '≥': '>=',
  '≤': '<=',
  '≠': '!=',
  µ: 'u',
  '“': '"',
  '”': '"',
  '’': "'",
  '✗': 'x',
};

/** Text for one line of a mail: ASCII only; any other character is written as in JSON. */
export function asciiText(text: string): string {
  return visible(text).replace(/[^\x20-\x7e]/gu, found => PLAIN[found] ?? escaped(found));
}

const escaped = (found: string): string =>
  Array.from({ length: found.length }, (_, i) => `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
