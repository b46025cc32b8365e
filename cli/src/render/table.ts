import { visible } from '../text/visible.js';
import { cellText } from './cell.js';
import type { Column, Rows } from './columns.js';

/** Rows that determine the column widths; later ones may be wider. */
const MEASURED = 1000;

/** The lines of a table: names, then rows, in columns. */
export async function* tableLines(
  columns: readonly Column[],
  rows: Rows,
  emphasize: (text: string) => string,
): AsyncGenerator<string> {
  const measured: string[][] = [];
  let widths: number[] | undefined;
  const line = (cells: readonly string[]) => tableLine(columns, cells, widths ?? []);
  const start = function* () {
    widths = columns.map(({ name }, i) => Math.max(name.length, ...measured.map(cells => cells[i].length)));
    yield emphasize(line(columns.map(column => column.name)));
    for (const cells of measured) yield line(cells);
  };
  for await (const row of rows) {
    const cells = columns.map((_, i) => visible(cellText(row[i])));
    if (widths === undefined && measured.push(cells) === MEASURED) yield* start();
    else if (widths !== undefined) yield line(cells);
  }
  if (widths === undefined) yield* start();
}

function tableLine(columns: readonly Column[], cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, i) =>
    columns[i].right === true ? cell.padStart(widths[i]) : cell.padEnd(widths[i]),
  );
  return padded.join('  ').trimEnd();
}
