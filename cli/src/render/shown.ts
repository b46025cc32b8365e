import { hex } from '@p2mtrace/trace-format';

/** A column of a state's rows, and the value that it shows of a row. */
export type Show<Row> = readonly [name: string, value: (row: Row) => unknown, right?: 'right'];

/** Type of the rows that such a function yields. */
export type RowOf<F extends (...args: never) => Iterable<unknown>> =
  ReturnType<F> extends Iterable<infer Row> ? Row : never;

/** Rows and columns, ready to be written. */
export function shown<Row>(rows: Iterable<Row>, shows: readonly Show<Row>[]) {
  const columns = shows.map(([name, , right]) => ({ name, right: right === 'right' }));
  const cells = function* () {
    for (const row of rows) yield shows.map(([, value]) => value(row));
  };
  return { columns, rows: cells() };
}

/** A frame in hex. */
export const frame = (value: number | null) => (value === null ? null : hex(value));
