import { markdownText } from '../text/markdown-text.js';
import { cellText } from './cell.js';
import type { Column } from './columns.js';

/** A row of a Markdown table. */
export function markdownLine(row: readonly unknown[]): string {
  return `| ${row.map(value => markdownText(cellText(value))).join(' | ')} |\n`;
}

/** The line below the column names. */
export function markdownRule(columns: readonly Column[]): string {
  return `|${columns.map(({ right }) => (right === true ? ' --: ' : ' --- ')).join('|')}|\n`;
}
