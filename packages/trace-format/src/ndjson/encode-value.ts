import type { ReadBatch } from '../read/read-batch.js';
import type { TraceReader } from '../read/reader.js';
import type { ColumnName } from '../schema/columns.js';
import { DICTIONARIES, type DictionaryName } from '../schema/columns.js';
import { FLAG_NAMES, flagNames } from '../schema/flags.js';
import { getU64 } from '../u64.js';
import type { EventField } from './event-fields.js';
import { refusal } from './refusal.js';

/** A value of a row, which must have it, as JSON text; the inverse of decodeValue. */
export function encodeValue(
  field: EventField,
  batch: ReadBatch<ColumnName>,
  row: number,
  names: TraceReader['names'],
): string {
  const { column } = field;
  const values = batch.columns[column];
  switch (field.form) {
    case 'hex':
      return hexText(values as Uint32Array, row);
    case 'tsc':
      return tscText(values as Uint32Array, row);
    case 'boolean':
      return ((values[row >>> 3] >>> (row & 7)) & 1) !== 0 ? 'true' : 'false';
    case 'p2m_type': {
      const name = DICTIONARIES.p2m_type.names[Number(getU64(values as Uint32Array, row))];
      return name === undefined ? hexText(values as Uint32Array, row) : `"${name}"`;
    }
    case 'flags':
      return flagsText(values[row]);
    case 'raw':
      return `"${Buffer.from(batch.columns.raw.subarray(batch.rawOffsets[row], batch.rawOffsets[row + 1])).toString('hex')}"`;
    case 'address':
    case 'enum':
    case 'view':
    case 'name':
      return nameText(names[column as DictionaryName], values[row], column);
    case 'number':
      return String(values[row]);
  }
}

function hexText(column: Uint32Array, row: number): string {
  const low = column[2 * row].toString(16);
  const high = column[2 * row + 1];
  return high === 0 ? `"0x${low}"` : `"0x${high.toString(16)}${low.padStart(8, '0')}"`;
}

/** A number if JSON readers keep it exactly, otherwise its digits as a string. */
function tscText(column: Uint32Array, row: number): string {
  const value = getU64(column, row);
  return value <= Number.MAX_SAFE_INTEGER ? String(value) : `"${value}"`;
}

function flagsText(bits: number): string {
  const unnamed = bits >>> FLAG_NAMES.length;
  // If they were silently left out, the text would say less than the trace.
  if (unnamed !== 0) throw refusal(`flags has bits without a name: 0x${bits.toString(16)}`, 'flags');
  return JSON.stringify(flagNames(bits));
}

function nameText(names: readonly string[], index: number, column: string): string {
  const name = names[index];
  if (name === undefined) throw refusal(`${column} is ${index}, but there are ${names.length} names`, column);
  return JSON.stringify(name);
}
