import { usageError } from '@p2mtrace/trace-format';
import { visible } from '../text/visible.js';
import { cellText } from './cell.js';
import type { Column, Rows } from './columns.js';
import { textWidth } from './text-width.js';

/** Rows that are drawn; a terminal shows fewer. */
const MOST_ROWS = 1000;
/** Between columns of a table. */
const GAP = 2;
const LEAST_BAR = 10;
const FULL = '█';
/** Eighths of a character. */
const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

export interface Bars {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly unknown[])[];
  /** Rows that were left out. */
  readonly more: number;
}

/**
 * The rows with a bar behind each: as long as its last number, the largest across what `width` leaves. Of a query that
 * counts by classes it makes a histogram.
 * @throws P2mError P2M_FORMAT (usage) if no column has numbers
 */
export async function withBars(columns: readonly Column[], rows: Rows, width: number): Promise<Bars> {
  const measure = columns.findLastIndex(({ right }) => right === true);
  if (measure < 0) {
    const what = 'the result has no column of numbers to draw';
    throw usageError('P2M_FORMAT', what, 'for example: select kind, count(*) from events group by kind');
  }
  const shown: (readonly unknown[])[] = [];
  let more = 0;
  for await (const row of rows) {
    if (shown.length < MOST_ROWS) shown.push(row);
    else more++;
  }
  const values = shown.map(row => (row[measure] === null ? Number.NaN : Number(row[measure])));
  const most = Math.max(0, ...values.filter(Number.isFinite));
  const room = Math.max(LEAST_BAR, width - widthOf(columns, shown));
  return {
    columns: [...columns, { name: '' }],
    rows: shown.map((row, i) => [...row, bar(values[i] / most, room)]),
    more,
  };
}

/** A bar of that part of `room`; none for what is unknown or below zero, the thinnest for what is above. */
function bar(part: number, room: number): string {
  if (!(part > 0)) return '';
  const eighths = Math.max(1, Math.round(Math.min(part, 1) * room * 8));
  return FULL.repeat(eighths >> 3) + PARTS[eighths & 7];
}

/** Columns that the table takes without its bars. */
function widthOf(columns: readonly Column[], rows: readonly (readonly unknown[])[]): number {
  const widths = columns.map(({ name }, i) =>
    rows.reduce((most, row) => Math.max(most, textWidth(visible(cellText(row[i])))), textWidth(name)),
  );
  return widths.reduce((sum, width) => sum + width + GAP, 0);
}
