import { Binary } from 'apache-arrow/fb/binary';
import { Bool } from 'apache-arrow/fb/bool';
import { DictionaryEncoding } from 'apache-arrow/fb/dictionary-encoding';
import { Endianness } from 'apache-arrow/fb/endianness';
import { Field } from 'apache-arrow/fb/field';
import { Int } from 'apache-arrow/fb/int';
import { KeyValue } from 'apache-arrow/fb/key-value';
import { Schema } from 'apache-arrow/fb/schema';
import { Type } from 'apache-arrow/fb/type';
import { Utf8 } from 'apache-arrow/fb/utf8';
import type { Builder } from 'flatbuffers';
import {
  COLUMN_NAMES,
  COLUMNS,
  type ColumnSpec,
  type ColumnType,
  DICTIONARY_NAMES,
  isAddressDictionary,
} from '../schema/columns.js';

const INT_WIDTH: Partial<Record<ColumnType, { bits: number; signed: boolean }>> = {
  u64: { bits: 64, signed: false },
  u32: { bits: 32, signed: false },
  i32: { bits: 32, signed: true },
  u16: { bits: 16, signed: false },
  u8: { bits: 8, signed: false },
};

export function encodeKeyValues(b: Builder, pairs: Iterable<readonly [string, string]>): number[] {
  return [...pairs].map(([key, value]) => {
    const k = b.createString(key);
    const v = b.createString(value);
    return KeyValue.createKeyValue(b, k, v);
  });
}

function encodeInt(b: Builder, type: ColumnType): number {
  const width = INT_WIDTH[type];
  if (width === undefined) throw new Error(`${type} is no integer type`);
  return Int.createInt(b, width.bits, width.signed);
}

function encodeField(b: Builder, name: string, spec: ColumnSpec): number {
  let dictionary = 0;
  let type = Type.Int;
  let typeOffset = 0;
  if (spec.dictionary !== undefined) {
    const index = encodeInt(b, spec.type);
    DictionaryEncoding.startDictionaryEncoding(b);
    DictionaryEncoding.addId(b, BigInt(DICTIONARY_NAMES.indexOf(spec.dictionary)));
    DictionaryEncoding.addIndexType(b, index);
    dictionary = DictionaryEncoding.endDictionaryEncoding(b);
    if (isAddressDictionary(spec.dictionary)) {
      typeOffset = encodeInt(b, 'u64');
    } else {
      type = Type.Utf8;
      Utf8.startUtf8(b);
      typeOffset = Utf8.endUtf8(b);
    }
  } else if (spec.type === 'bit') {
    type = Type.Bool;
    Bool.startBool(b);
    typeOffset = Bool.endBool(b);
  } else if (spec.type === 'binary') {
    type = Type.Binary;
    Binary.startBinary(b);
    typeOffset = Binary.endBinary(b);
  } else {
    typeOffset = encodeInt(b, spec.type);
  }
  const nameOffset = b.createString(name);
  const children = Field.createChildrenVector(b, []);
  const metadata = Field.createCustomMetadataVector(b, encodeKeyValues(b, [['doc', spec.doc]]));
  Field.startField(b);
  Field.addName(b, nameOffset);
  Field.addNullable(b, spec.nullable);
  Field.addTypeType(b, type);
  Field.addType(b, typeOffset);
  if (dictionary !== 0) Field.addDictionary(b, dictionary);
  Field.addChildren(b, children);
  Field.addCustomMetadata(b, metadata);
  return Field.endField(b);
}

/** Encodes schema v1 with this custom metadata; returns the offset of the Schema table in the builder. */
export function encodeSchema(b: Builder, metadata: Iterable<readonly [string, string]>): number {
  const fields = Schema.createFieldsVector(
    b,
    COLUMN_NAMES.map(name => encodeField(b, name, COLUMNS[name])),
  );
  const pairs = Schema.createCustomMetadataVector(b, encodeKeyValues(b, metadata));
  Schema.startSchema(b);
  Schema.addEndianness(b, Endianness.Little);
  Schema.addFields(b, fields);
  Schema.addCustomMetadata(b, pairs);
  return Schema.endSchema(b);
}
