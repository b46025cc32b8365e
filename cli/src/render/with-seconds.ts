import type { TraceReader } from '@p2mtrace/trace-format';
import { type Clock, secondsOfSeqs, secondsText } from './clock.js';
import type { Column } from './columns.js';

/** Rows that times are looked up for at once; in a longer table no times stand beside seqs. */
const MOST = 1 << 16;

/**
 * A table with the seconds of its seqs: behind each column `X_seq` one named `X_s`. Ranges of seqs (`867-923`) have ranges of
 * seconds. As it is where the frequency is not known.
 */
export function withSeconds(
  columns: readonly Column[],
  rows: Iterable<readonly unknown[]>,
  reader: TraceReader,
  clock: Clock | undefined,
): { columns: readonly Column[]; rows: Iterable<readonly unknown[]> } {
  const timed = columns.flatMap(({ name }, i) => (name.endsWith('_seq') ? [i] : []));
  if (clock === undefined || timed.length === 0) return { columns, rows };
  const held: (readonly unknown[])[] = [];
  const rest = rows[Symbol.iterator]();
  for (let next = rest.next(); !next.done; next = rest.next()) {
    held.push(next.value);
    if (held.length > MOST) return { columns, rows: chained(held, rest) };
  }
  const seqs = held.flatMap(row => timed.flatMap(i => seqsOf(row[i])));
  const seconds = secondsOfSeqs(reader, clock, seqs);
  const text = (value: unknown) => {
    const times = seqsOf(value).map(seq => seconds.get(seq));
    return times.length === 0 || times.includes(undefined) ? null : times.map(time => secondsText(time ?? 0)).join('-');
  };
  return {
    columns: columns.flatMap((column, i) =>
      timed.includes(i) ? [column, { name: column.name.replace(/seq$/, 's'), right: true }] : [column],
    ),
    rows: held.map(row => row.flatMap((value, i) => (timed.includes(i) ? [value, text(value)] : [value]))),
  };
}

function* chained<T>(first: readonly T[], rest: Iterator<T>): Generator<T> {
  yield* first;
  for (let next = rest.next(); !next.done; next = rest.next()) yield next.value;
}

/** Of a cell: a seq, or the two ends of a range. */
function seqsOf(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  const [, first, last] = (typeof value === 'string' && /^(\d+)-(\d+)$/.exec(value)) || [];
  return first === undefined ? [] : [Number(first), Number(last)];
}
