import type { EventBatch } from '../kernel/event-batch.js';
import { COLUMNS, type ColumnName, DICTIONARIES, type DictionaryName, RAW_MAX } from '../schema/columns.js';
import { FLAG, FLAG_NAMES, type FlagName } from '../schema/flags.js';
import { suggestion } from '../suggestion.js';
import { setU53, setU64 } from '../u64.js';
import type { TraceNames } from '../write/trace-names.js';
import type { EventField } from './event-fields.js';
import { oneOf, refusal, shown } from './refusal.js';

/** Writes a value of a line into the row; the inverse of encodeValue. @throws P2mError P2M_NDJSON */
export function decodeValue(
  field: EventField,
  value: unknown,
  batch: EventBatch,
  row: number,
  names: TraceNames,
): void {
  const { name, column } = field;
  const target = batch.columns[column];
  switch (field.form) {
    case 'hex':
    case 'tsc':
      putU64(name, value, target as Uint32Array, row);
      return;
    case 'address':
      putU64(name, value, address, 0);
      target[row] = withinDictionary(name, value, names[column as 'lock' | 'caller'].of(address, 0));
      return;
    case 'p2m_type':
      (target as Uint32Array)[2 * row] = enumIndex(name, value, 'p2m_type');
      return;
    case 'enum':
      target[row] = enumIndex(name, value, column as DictionaryName);
      return;
    case 'view':
      target[row] = withinDictionary(name, value, names.view.of(viewOf(name, value)));
      return;
    case 'name':
      target[row] = withinDictionary(name, value, names[column as 'lock_class' | 'symbol'].of(textOf(name, value)));
      return;
    case 'flags':
      target[row] = flagBits(name, value);
      return;
    case 'raw':
      batch.addRaw(row, rawBytes(name, value));
      return;
    case 'number':
      target[row] = integer(name, value, column);
      return;
    case 'boolean':
      // tsc_own is in the presence mask; decodeEvent reads it.
      return;
  }
}

/** The two words of an address. */
const address = new Uint32Array(2);

const DIGITS = /^(?:\d+|0x[0-9a-f]+)$/i;
/** No 64-bit number has more digits, leading zeros included; longer text is not converted. */
const MAX_DIGITS = 80;

/** Writes an integer below 2^64, in any of its forms, into a u64 column. */
function putU64(field: string, value: unknown, column: Uint32Array, row: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) {
    if (!Number.isSafeInteger(value)) {
      throw refusal(`${field} is above 2^53 - 1, where JSON numbers are not exact; write it as a string`, field);
    }
    setU53(column, row, value);
    return;
  }
  if (typeof value !== 'string' || !DIGITS.test(value)) {
    throw refusal(`${field} is ${shown(value)}; expected an integer from 0 on, or a decimal or 0x string`, field);
  }
  const number = value.length > MAX_DIGITS ? undefined : BigInt(value);
  if (number === undefined || number >> 64n !== 0n) {
    throw refusal(`${field} is ${shown(value)}, which does not fit 64 bits`, field);
  }
  setU64(column, row, number);
}

const RANGES: Record<string, readonly [number, number]> = {
  u8: [0, 0xff],
  u16: [0, 0xffff],
  u32: [0, 0xffff_ffff],
  i32: [-0x8000_0000, 0x7fff_ffff],
};

/** An integer within the column's range; unsigned ones may be strings too, as domids are often written in hex. */
function integer(field: string, value: unknown, column: ColumnName): number {
  const { type } = COLUMNS[column];
  const [min, max] = RANGES[type];
  const short = typeof value === 'string' && type !== 'i32' && value.length <= MAX_DIGITS && DIGITS.test(value);
  const number = short ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max) {
    throw refusal(`${field} is ${shown(value)}; expected an integer from ${min} to ${max}`, field);
  }
  return number;
}

function enumIndex(field: string, value: unknown, dictionary: DictionaryName): number {
  const names: readonly string[] = DICTIONARIES[dictionary].names;
  const index = names.indexOf(value as string);
  if (index < 0) throw refusal(`${field} is ${shown(value)}; expected ${oneOf(value, names)}`, field);
  return index;
}

function withinDictionary(field: string, value: unknown, index: number): number {
  if (index < 0) throw refusal(`${field} is ${shown(value)}, one more than the values that a trace can have`, field);
  return index;
}

/**
 * Views on the wire: the index has 10 bits. Captures of damaged or future views import as `host:N` and `view:N`;
 * nobody writes those by hand, so the message does not offer them.
 */
const VIEW = /^(?:host|(?:altp2m|nested|host):(?:0|[1-9]\d{0,2}|10[01]\d|102[0-3])|view:[1-9]\d{3,4})$/;

function viewOf(field: string, value: unknown): string {
  if (typeof value === 'string' && VIEW.test(value)) return value;
  throw refusal(`${field} is ${shown(value)}; expected host, altp2m:N or nested:N with N from 0 to 1023`, field);
}

/** Half of a surrogate pair on its own. */
const LONE_SURROGATE = /\p{Cs}/u;

function textOf(field: string, value: unknown): string {
  if (typeof value !== 'string') throw refusal(`${field} is ${shown(value)}; expected a string`, field);
  // Such a string can't be stored as UTF-8 and would read back as another one.
  if (LONE_SURROGATE.test(value)) throw refusal(`${field} has half a surrogate pair, which is no character`, field);
  return value;
}

function flagBits(field: string, value: unknown): number {
  if (!Array.isArray(value)) throw refusal(`${field} is ${shown(value)}; expected an array of flag names`, field);
  let bits = 0;
  for (const name of value) {
    const bit = FLAG_NAMES.includes(name) ? FLAG[name as FlagName] : 0;
    if (bit === 0) {
      const near = typeof name === 'string' ? suggestion(name, FLAG_NAMES) : '';
      throw refusal(
        `${field} has ${shown(name)}, which is no flag${near || `; the flags are ${FLAG_NAMES.join(', ')}`}`,
        field,
      );
    }
    if ((bits & bit) !== 0) throw refusal(`${field} has ${name} twice`, field);
    bits |= bit;
  }
  return bits;
}

function rawBytes(field: string, value: unknown): Uint8Array {
  if (typeof value !== 'string' || !/^(?:[0-9a-f]{2})*$/i.test(value)) {
    throw refusal(`${field} is ${shown(value)}; expected hex digits, two a byte`, field);
  }
  if (value.length > RAW_MAX * 2) {
    throw refusal(`${field} has ${value.length / 2} bytes; a record has ${RAW_MAX} at the most`, field);
  }
  return Buffer.from(value, 'hex');
}
