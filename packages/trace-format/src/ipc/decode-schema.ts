import { Endianness } from 'apache-arrow/fb/endianness';
import { Int } from 'apache-arrow/fb/int';
import type { Schema } from 'apache-arrow/fb/schema';
import { Type } from 'apache-arrow/fb/type';
import { P2mError } from '../errors.js';
import {
  COLUMN_NAMES,
  COLUMNS,
  type ColumnSpec,
  type ColumnType,
  DICTIONARY_NAMES,
  isAddressDictionary,
  SCHEMA_VERSION,
  type SchemaVersion,
  typeOnDisk,
} from '../schema/columns.js';

/** Keys of the schema's custom metadata. */
export const VERSION_KEY = 'p2mtrace.schema_version';
export const METADATA_KEY = 'p2mtrace.metadata';
/** No message has more custom metadata than this, so a larger number is damage. */
const MAX_PAIRS = 64;

interface KeyValueTable {
  customMetadataLength(): number;
  customMetadata(index: number): { key(): string | null; value(): string | null } | null;
}

export function decodeKeyValues(table: KeyValueTable): Map<string, string> {
  const pairs = new Map<string, string>();
  const length = Math.min(table.customMetadataLength(), MAX_PAIRS);
  for (let i = 0; i < length; i++) {
    const pair = table.customMetadata(i);
    if (pair !== null) pairs.set(pair.key() ?? '', pair.value() ?? '');
  }
  return pairs;
}

const schemaError = (what: string) =>
  new P2mError('P2M_SCHEMA', what, {
    remedy: 'only Arrow files with the schema of docs/format.md are traces; import other data as NDJSON',
  });

/**
 * Checks that a schema is exactly that of its version and returns its custom metadata.
 * @throws P2mError P2M_ENDIAN, P2M_SCHEMA, P2M_SCHEMA_VERSION
 */
export function decodeSchema(schema: Schema): { metadata: Map<string, string>; version: SchemaVersion } {
  if (schema.endianness() !== Endianness.Little) {
    throw new P2mError('P2M_ENDIAN', 'the Arrow data is big-endian', {
      remedy: 'write it on or for a little-endian machine',
    });
  }
  const metadata = decodeKeyValues(schema);
  const version = versionOf(metadata);
  if (schema.fieldsLength() !== COLUMN_NAMES.length) {
    throw schemaError(`the schema has ${schema.fieldsLength()} columns instead of ${COLUMN_NAMES.length}`);
  }
  COLUMN_NAMES.forEach((name, i) => {
    const field = schema.fields(i);
    if (field === null || field.name() !== name) throw schemaError(`column ${i} is ${field?.name()}, not ${name}`);
    const spec: ColumnSpec = COLUMNS[name];
    const dictionary = field.dictionary();
    if (spec.dictionary === undefined) {
      if (dictionary !== null) throw schemaError(`column ${name} has a dictionary`);
      const expected = spec.type === 'bit' ? Type.Bool : spec.type === 'binary' ? Type.Binary : Type.Int;
      if (field.typeType() !== expected) throw schemaError(`column ${name} has the wrong type`);
      if (expected === Type.Int) checkInt(name, typeOnDisk(name, version), field.type(new Int()));
      return;
    }
    const values = isAddressDictionary(spec.dictionary) ? Type.Int : Type.Utf8;
    if (dictionary === null || field.typeType() !== values) throw schemaError(`column ${name} is no dictionary`);
    if (dictionary.id() !== BigInt(DICTIONARY_NAMES.indexOf(spec.dictionary))) {
      throw schemaError(`column ${name} uses dictionary ${dictionary.id()}`);
    }
    checkInt(name, typeOnDisk(name, version), dictionary.indexType());
  });
  return { metadata, version };
}

function versionOf(metadata: ReadonlyMap<string, string>): SchemaVersion {
  const version = metadata.get(VERSION_KEY);
  if (version === undefined) throw schemaError(`the schema has no ${VERSION_KEY}: this is no p2mtrace trace`);
  if (version === '1') return 1;
  if (version === String(SCHEMA_VERSION)) return SCHEMA_VERSION;
  const what = `the trace has schema version ${version}, this p2mtrace reads 1 and ${SCHEMA_VERSION}`;
  throw new P2mError('P2M_SCHEMA_VERSION', what, { remedy: 'use a newer p2mtrace, or import the capture again' });
}

function checkInt(name: string, type: ColumnType, int: Int | null): void {
  const bits = { u64: 64, u32: 32, i32: 32, u16: 16, u8: 8, bit: 0, binary: 0 }[type];
  if (int === null || int.bitWidth() !== bits || int.isSigned() !== (type === 'i32')) {
    throw schemaError(`column ${name} is not ${type}`);
  }
}
