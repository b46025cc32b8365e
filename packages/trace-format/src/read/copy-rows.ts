import type { EventBatch } from '../kernel/event-batch.js';
import { COLUMN_NAMES, COLUMNS, type ColumnName, type ColumnSpec, PRESENT } from '../schema/columns.js';
import { isValid, type ReadBatch } from './read-batch.js';

/** Columns with fixed-width values; the writer fills `seq`. */
const FIXED = COLUMN_NAMES.filter(isFixed).map(name => {
  const spec: ColumnSpec = COLUMNS[name];
  // A u64 is two elements.
  return { name, nullable: spec.nullable, width: spec.type === 'u64' ? 2 : 1 };
});

function isFixed(name: ColumnName): name is Exclude<CopiedColumn, 'tsc_own' | 'raw'> {
  return name !== 'seq' && name !== 'tsc_own' && name !== 'raw';
}

/** Columns to read for a copy: all but `seq`, as events are numbered anew in another trace. */
export const COPIED_COLUMNS = COLUMN_NAMES.filter((name): name is CopiedColumn => name !== 'seq');
type CopiedColumn = Exclude<ColumnName, 'seq'>;
export type CopiedBatch = ReadBatch<CopiedColumn>;

/** Appends rows `from` to `to` (exclusive) of a batch that was read; names must have the same numbers in both. */
export function copyRows(source: CopiedBatch, from: number, to: number, into: EventBatch): void {
  const at = into.rows;
  for (const { name, nullable, width } of FIXED) {
    if (nullable && !markPresent(source.validity[name], from, to, PRESENT[name], into.present, at)) continue;
    const values = source.columns[name].subarray(from * width, to * width);
    (into.columns[name] as Uint32Array).set(values as Uint32Array, at * width);
  }
  markPresent(source.columns.tsc_own, from, to, PRESENT.tsc_own, into.present, at);
  if (markPresent(source.validity.raw, from, to, PRESENT.raw, into.present, at)) {
    for (let row = from; row < to; row++) copyRaw(source, row, into, at + row - from);
  }
  into.rows += to - from;
}

/** Appends the rows with these numbers; otherwise like copyRows. */
export function copySelectedRows(source: CopiedBatch, rows: Uint32Array, into: EventBatch): void {
  const at = into.rows;
  const count = rows.length;
  for (const { name, nullable, width } of FIXED) {
    if (nullable && !markSelected(source.validity[name], rows, PRESENT[name], into.present, at)) continue;
    gather(source.columns[name], rows, width, into.columns[name], at);
  }
  markSelected(source.columns.tsc_own, rows, PRESENT.tsc_own, into.present, at);
  if (markSelected(source.validity.raw, rows, PRESENT.raw, into.present, at)) {
    for (let i = 0; i < count; i++) copyRaw(source, rows[i], into, at + i);
  }
  into.rows += count;
}

/** Sets the bit in the presence masks from `at` on for rows that the bitmap has; false if it has none of them. */
function markPresent(
  bitmap: Uint8Array,
  from: number,
  to: number,
  bit: number,
  present: Uint32Array,
  at: number,
): boolean {
  let any = 0;
  for (let row = from; row < to; row++) {
    const set = (bitmap[row >>> 3] >>> (row & 7)) & 1;
    any |= set;
    present[at + row - from] |= -set & bit;
  }
  return any !== 0;
}

function markSelected(bitmap: Uint8Array, rows: Uint32Array, bit: number, present: Uint32Array, at: number): boolean {
  let any = 0;
  for (let i = 0; i < rows.length; i++) {
    const set = (bitmap[rows[i] >>> 3] >>> (rows[i] & 7)) & 1;
    any |= set;
    present[at + i] |= -set & bit;
  }
  return any !== 0;
}

type Values = Uint8Array | Uint16Array | Int32Array | Uint32Array;

function gather(source: Values, rows: Uint32Array, width: number, into: Values, at: number): void {
  if (width === 1) {
    for (let i = 0; i < rows.length; i++) into[at + i] = source[rows[i]];
    return;
  }
  for (let i = 0; i < rows.length; i++) {
    into[2 * (at + i)] = source[2 * rows[i]];
    into[2 * (at + i) + 1] = source[2 * rows[i] + 1];
  }
}

function copyRaw(source: CopiedBatch, row: number, into: EventBatch, target: number): void {
  if (!isValid(source.validity.raw, row)) return;
  into.addRaw(target, source.columns.raw.subarray(source.rawOffsets[row], source.rawOffsets[row + 1]));
}
