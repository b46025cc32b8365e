import { cellText } from './cell.js';
import type { Column } from './columns.js';

/** A row of a Markdown table. */
export function markdownLine(row: readonly unknown[]): string {
  return `| ${row.map(value => escaped(cellText(value))).join(' | ')} |\n`;
}

/** The line below the column names. */
export function markdownRule(columns: readonly Column[]): string {
  return `|${columns.map(({ right }) => (right === true ? ' --: ' : ' --- ')).join('|')}|\n`;
}

/** Escapes what would end a cell, or begin code or HTML; _ inside a word has no meaning. */
function escaped(text: string): string {
  return text.replace(/[\\|`*<]/g, '\\$&').replace(/\s+/g, ' ');
}
