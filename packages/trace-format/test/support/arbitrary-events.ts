import {
  ACCESS_TYPES,
  COLUMNS,
  COMMON_COLUMNS,
  type ColumnName,
  FLAG_NAMES,
  KINDS,
  type KindName,
  LOCK_MODES,
  MM_LOCKS,
  P2M_TYPES,
  RAW_MAX,
} from '@p2mtrace/trace-format';
import fc from 'fast-check';
import type { Row, Value } from './rows.js';

const u64 = fc.oneof(
  fc.bigInt(0n, (1n << 64n) - 1n),
  fc.constantFrom(0n, 1n, (1n << 53n) - 1n, 1n << 53n, (1n << 64n) - 1n),
);
const index = fc.nat(1023);
// Not every Arrow reader keeps a byte order mark at the start of a name.
const text = fc.string({ unit: 'binary', maxLength: 12 }).map(name => name.replace(/^\ufeff+/, ''));

/** Values of a column that any event may have there. */
function columnValues(name: ColumnName): fc.Arbitrary<Value> {
  switch (name) {
    case 'view':
      return fc.oneof(
        fc.constant('host'),
        index.map(n => `altp2m:${n}`),
        index.map(n => `nested:${n}`),
      );
    case 'lock_class':
      return fc.oneof(fc.constantFrom(...MM_LOCKS.map(lock => lock.name)), text);
    case 'symbol':
      return text;
    case 'p2m_type':
      return fc.constantFrom(...P2M_TYPES);
    case 'access':
      return fc.constantFrom(...ACCESS_TYPES);
    case 'mode':
      return fc.constantFrom(...LOCK_MODES);
    case 'flags':
      return fc.nat(2 ** FLAG_NAMES.length - 1);
    case 'raw':
      return fc.uint8Array({ maxLength: RAW_MAX }).map(bytes => Buffer.from(bytes).toString('hex'));
    case 'lock':
    case 'caller':
      return u64;
  }
  const { type } = COLUMNS[name];
  if (type === 'u64') return u64;
  if (type === 'bit') return fc.boolean();
  if (type === 'i32') return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  return fc.nat({ u8: 0xff, u16: 0xffff, u32: 0xffff_ffff }[type as 'u8']);
}

/** Events of one kind, as KINDS describes it: what it needs, and any of what it may have. */
function eventsOf(spec: (typeof KINDS)[number]): fc.Arbitrary<Row> {
  const columns: Record<string, fc.Arbitrary<Value>> = {};
  const column = (name: string): [ColumnName, fc.Arbitrary<Value>] => {
    const arg = spec.args?.findIndex(candidate => candidate.split(':')[0] === name) ?? -1;
    if (arg < 0) return [name as ColumnName, columnValues(name as ColumnName)];
    const isType = spec.args?.[arg]?.endsWith(':p2m_type');
    return [arg === 0 ? 'arg0' : 'arg1', isType ? fc.nat(P2M_TYPES.length - 1).map(BigInt) : u64];
  };
  const required: string[] = [];
  for (const name of spec.needs) {
    const [key, values] = column(name);
    columns[key] = values;
    required.push(key);
  }
  for (const name of [...spec.may, ...COMMON_COLUMNS]) {
    const [key, values] = column(name);
    columns[key] = values;
  }
  return fc
    .record(columns, { requiredKeys: required })
    .map(values => completeLock({ kind: spec.name as KindName, ...values } as Row, spec.group));
}

/** In lock events the text form can't have one of an mm lock's class and level without the other. */
function completeLock(row: Row, group: string): Row {
  if (group !== 'lock') return row;
  const ofClass = MM_LOCKS.find(lock => lock.name === row.lock_class);
  // 65…128 are the control domain's (docs/xen.md#lock-levels).
  const ofLevel = MM_LOCKS.find(lock => row.level === lock.level || row.level === lock.level + 64);
  if (ofClass !== undefined && row.level === undefined) return { ...row, level: ofClass.level };
  if (ofLevel !== undefined && row.lock_class === undefined) return { ...row, lock_class: ofLevel.name };
  return row;
}

export const anyEvent: fc.Arbitrary<Row> = fc.oneof(...KINDS.map(eventsOf));

/** One event of every kind, in the order of KINDS. */
export const everyKind: fc.Arbitrary<Row[]> = fc.tuple(...KINDS.map(eventsOf));
