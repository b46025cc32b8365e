import { visible } from '../text/visible.js';
import { cellText } from './cell.js';
import { columnWidths, GAP } from './column-widths.js';
import type { Column, Rows } from './columns.js';
import { foldedText, longestWord, padded, textWidth } from './text-width.js';

/** Rows that determine the column widths; later ones may be wider. */
const MEASURED = 1000;

/** What a table needs to know of its output. */
export interface TableOut {
  /** Columns of the terminal; undefined where lines may have any length. */
  readonly width?: number | undefined;
  style(format: 'bold' | 'red' | 'green', text: string): string;
}

/**
 * The lines of a table: names, then rows, in columns. Where the terminal is too narrow, cells have several lines, broken
 * between words; where it is too narrow for the words, each row is a list of names and values.
 */
export async function* tableLines(columns: readonly Column[], rows: Rows, out: TableOut): AsyncGenerator<string> {
  const measured: string[][] = [];
  let layout: Layout | undefined;
  const start = function* () {
    layout = layoutOf(columns, measured, out);
    yield* layout.head;
    for (const cells of measured) yield* layout.lines(cells);
  };
  for await (const row of rows) {
    const cells = columns.map((_, i) => visible(cellText(row[i])));
    if (layout === undefined && measured.push(cells) === MEASURED) yield* start();
    else if (layout !== undefined) yield* layout.lines(cells);
  }
  if (layout === undefined) yield* start();
}

/** How the rows of a table become lines. */
interface Layout {
  readonly head: readonly string[];
  lines(cells: readonly string[]): Iterable<string>;
}

function layoutOf(columns: readonly Column[], measured: readonly (readonly string[])[], out: TableOut): Layout {
  const { width = Number.POSITIVE_INFINITY } = out;
  const natural = columns.map(({ name }, i) => widest(textWidth(name), measured, i, textWidth));
  const total = natural.reduce((sum, one) => sum + one + GAP, -GAP);
  if (total <= width) return inColumns(columns, natural, false, out);
  const wishes = columns.map(({ name }, i) => ({
    natural: natural[i],
    least: widest(textWidth(name), measured, i, longestWord),
  }));
  const widths = columnWidths(wishes, width);
  return widths === undefined ? asLists(columns, width, out) : inColumns(columns, widths, true, out);
}

function widest(
  start: number,
  rows: readonly (readonly string[])[],
  column: number,
  measure: (text: string) => number,
): number {
  let most = start;
  for (const cells of rows) most = Math.max(most, measure(cells[column]));
  return most;
}

function inColumns(columns: readonly Column[], widths: readonly number[], folds: boolean, out: TableOut): Layout {
  const styled = ({ style }: Column, text: string) =>
    style === undefined || text === '' ? text : out.style(style, text);
  const line = (cells: readonly string[], isHead = false): string => {
    const parts = cells.map((cell, i) => {
      const isLast = i === cells.length - 1 && columns[i].right !== true;
      const text = isLast ? cell : padded(cell, widths[i], columns[i].right);
      return isHead ? text : styled(columns[i], text);
    });
    return parts.join(' '.repeat(GAP)).trimEnd();
  };
  return {
    head: [
      out.style(
        'bold',
        line(
          columns.map(({ name }) => name),
          true,
        ),
      ),
    ],
    *lines(cells) {
      const folded = cells.map((cell, i) => (folds ? foldedText(cell, widths[i]) : [cell]));
      const height = Math.max(...folded.map(({ length }) => length));
      for (let i = 0; i < height; i++) yield line(folded.map(lines => lines[i] ?? ''));
    },
  };
}

/** Each row as names and values, with an empty line before all but the first. */
function asLists(columns: readonly Column[], width: number, out: TableOut): Layout {
  const names = Math.max(...columns.map(({ name }) => textWidth(name)));
  let isFirst = true;
  return {
    head: [],
    *lines(cells) {
      if (!isFirst) yield '';
      isFirst = false;
      for (const [i, cell] of cells.entries()) {
        const { name, style } = columns[i];
        const lines = foldedText(cell, Math.max(1, width - names - GAP));
        for (const [k, text] of lines.entries()) {
          const label = k === 0 ? out.style('bold', padded(name, names)) : ' '.repeat(names);
          yield `${label}${' '.repeat(GAP)}${style === undefined || text === '' ? text : out.style(style, text)}`.trimEnd();
        }
      }
    },
  };
}
