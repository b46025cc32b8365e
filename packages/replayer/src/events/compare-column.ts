import { COLUMNS, type ColumnName, type ColumnSpec, isValid } from '@p2mtrace/trace-format';
import type { EventFilter } from './event-filter.js';

export type Relation = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** Values from `low` to `high`, or all others: every relation with a value can be put this way. */
interface Interval {
  readonly low: bigint;
  readonly high: bigint;
  readonly outside: boolean;
}

const LEAST = -(2n ** 31n);
const GREATEST = 2n ** 64n - 1n;

function intervalOf(relation: Relation, value: bigint): Interval {
  switch (relation) {
    case '==':
      return { low: value, high: value, outside: false };
    case '!=':
      return { low: value, high: value, outside: true };
    case '<':
      return { low: value, high: GREATEST, outside: true };
    case '<=':
      return { low: LEAST, high: value, outside: false };
    case '>':
      return { low: LEAST, high: value, outside: true };
    case '>=':
      return { low: value, high: GREATEST, outside: false };
  }
}

/** Rows whose column (not `raw`) has a value that stands in this relation to `value`. */
export function columnIs(column: ColumnName, relation: Relation, value: bigint): EventFilter {
  const { type, nullable }: ColumnSpec = COLUMNS[column];
  const interval = intervalOf(relation, value);
  return {
    fill(batch, mask) {
      const values = batch.values(column);
      if (type === 'bit') fillFromBits(values as Uint8Array, interval, mask, batch.rows);
      else if (type === 'u64') fillFromPairs(values as Uint32Array, interval, mask, batch.rows);
      else fillFromNumbers(values, interval, mask, batch.rows);
      if (nullable) clearInvalid(batch.validity(column), mask, batch.rows);
    },
  };
}

/** Rows whose column has a value, or none. */
export function columnIsNull(column: ColumnName, isNull: boolean): EventFilter {
  return {
    fill(batch, mask) {
      mask.fill(isNull ? 0 : 1);
      if (!COLUMNS[column].nullable) return;
      clearInvalid(batch.validity(column), mask.fill(1), batch.rows);
      if (isNull) for (let row = 0; row < batch.rows; row++) mask[row] ^= 1;
    },
  };
}

/** Rows in which the bit is set, or not; a row without a value has no bit set. */
export function columnHas(column: 'flags', bit: number, isSet: boolean): EventFilter {
  return {
    fill(batch, mask) {
      const values = batch.values(column);
      for (let row = 0; row < batch.rows; row++) mask[row] = ((values[row] & bit) !== 0) === isSet ? 1 : 0;
    },
  };
}

function fillFromNumbers(values: ArrayLike<number>, { low, high, outside }: Interval, mask: Uint8Array, rows: number) {
  const [first, last, inside] = [Number(low), Number(high), outside ? 0 : 1];
  for (let row = 0; row < rows; row++) {
    const value = values[row];
    mask[row] = value >= first && value <= last ? inside : 1 - inside;
  }
}

/** (low, high) pairs of u32, compared exactly. */
function fillFromPairs(values: Uint32Array, { low, high, outside }: Interval, mask: Uint8Array, rows: number): void {
  const [from, to] = [low < 0n ? 0n : low, high];
  const [fromHigh, fromLow] = [Number(from >> 32n), Number(from & 0xffff_ffffn)];
  const [toHigh, toLow] = [Number(to >> 32n), Number(to & 0xffff_ffffn)];
  const inside = outside ? 0 : 1;
  for (let row = 0; row < rows; row++) {
    const [lowWord, highWord] = [values[2 * row], values[2 * row + 1]];
    const isIn =
      (highWord > fromHigh || (highWord === fromHigh && lowWord >= fromLow)) &&
      (highWord < toHigh || (highWord === toHigh && lowWord <= toLow));
    mask[row] = isIn ? inside : 1 - inside;
  }
}

function fillFromBits(bits: Uint8Array, { low, outside }: Interval, mask: Uint8Array, rows: number): void {
  const wanted = (low === 1n) !== outside;
  for (let row = 0; row < rows; row++) mask[row] = isValid(bits, row) === wanted ? 1 : 0;
}

function clearInvalid(validity: Uint8Array, mask: Uint8Array, rows: number): void {
  for (let row = 0; row < rows; row++) mask[row] &= (validity[row >>> 3] >>> (row & 7)) & 1;
}
