import type { Column, Rows } from './columns.js';
import { csvLine } from './csv.js';
import { jsonListHead, jsonObject, jsonText } from './json.js';
import { markdownLine, markdownRule } from './markdown.js';
import { type TableOut, tableLines } from './table.js';

export type RowFormat = 'table' | 'json' | 'csv' | 'ndjson' | 'lists' | 'md';
/** Where text goes: a terminal, a pipe or a file. */
export interface TextOut extends TableOut {
  write(text: string): Promise<void>;
  flush(): Promise<void>;
}

/** Writes rows as they come; only a table keeps some, to measure its columns. @throws ClosedPipe */
export async function writeRows(
  out: TextOut,
  format: RowFormat,
  columns: readonly Column[],
  rows: Rows,
): Promise<void> {
  const names = columns.map(column => column.name);
  switch (format) {
    case 'table':
      for await (const line of tableLines(columns, rows, out)) await out.write(`${line}\n`);
      break;
    case 'csv':
      await out.write(csvLine(names));
      for await (const row of rows) await out.write(csvLine(row));
      break;
    case 'md':
      await out.write(markdownLine(names) + markdownRule(columns));
      for await (const row of rows) await out.write(markdownLine(row));
      break;
    case 'ndjson':
      for await (const row of rows) await out.write(`${jsonObject(names, row)}\n`);
      break;
    case 'lists':
      await out.write(`${jsonText({ columns: names })}\n`);
      for await (const row of rows) await out.write(`${jsonText(row)}\n`);
      break;
    case 'json': {
      await out.write(jsonListHead('rows'));
      let separator = '\n';
      for await (const row of rows) {
        await out.write(separator + jsonObject(names, row));
        separator = ',\n';
      }
      await out.write(separator === '\n' ? ']}\n' : '\n]}\n');
    }
  }
}

/** At most this many of the rows. */
export function* limited<T>(rows: Iterable<T>, limit = Number.POSITIVE_INFINITY): Generator<T> {
  let left = limit;
  if (left <= 0) return;
  for (const row of rows) {
    yield row;
    if (--left <= 0) return;
  }
}
