import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { TraceReader } from '@p2mtrace/trace-format';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { Endianness } from 'apache-arrow/fb/endianness';
import { Message } from 'apache-arrow/fb/message';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { MetadataVersion } from 'apache-arrow/fb/metadata-version';
import { Schema } from 'apache-arrow/fb/schema';
import { Builder } from 'flatbuffers';
import { describe, expect, test } from 'vitest';
import { bodyLayout } from '../src/ipc/body-layout.js';
import { completeMessage } from '../src/ipc/complete-message.js';
import { encodeBatchMessage, encodeSchemaMessage } from '../src/ipc/encode-message.js';
import { look } from './support/look.js';
import { writeRows } from './support/rows.js';
import { SAMPLE_ROWS } from './support/sample-rows.js';
import { tempDir } from './support/temp-dir.js';

const path = tempDir();
const HEAD = Buffer.from('ARROW1\0\0', 'latin1');
const EOS = Buffer.from('ffffffff00000000', 'hex');
const pairs = (version: string, metadata: string): [string, string][] => [
  ['p2mtrace.schema_version', version],
  ['p2mtrace.metadata', metadata],
];
const METADATA = JSON.stringify({
  source: 's',
  format: 'ndjson',
  layout: 'P6',
  assumed: [],
  p2mNumbering: '4.8',
  controlDomains: [],
});

function file(...parts: Uint8Array[]): string {
  writeFileSync(path('f'), Buffer.concat(parts));
  return path('f');
}

/** What both the reader and the validator say. */
function codes(name: string): (string | undefined)[] {
  const { reader, validator } = look(name);
  return [...new Set([reader, validator])];
}

function le32(...values: number[]): Buffer {
  return Buffer.from(Int32Array.from(values).buffer);
}

/** A stream message that holds an empty schema of that byte order. */
function emptySchema(endianness: Endianness): Buffer {
  const b = new Builder();
  const fields = Schema.createFieldsVector(b, []);
  Schema.startSchema(b);
  Schema.addEndianness(b, endianness);
  Schema.addFields(b, fields);
  const schema = Schema.endSchema(b);
  Message.startMessage(b);
  Message.addVersion(b, MetadataVersion.V5);
  Message.addHeaderType(b, MessageHeader.Schema);
  Message.addHeader(b, schema);
  b.finish(Message.endMessage(b));
  const table = b.asUint8Array();
  const padding = Buffer.alloc((8 - (table.length % 8)) % 8);
  return Buffer.concat([le32(-1, table.length + padding.length), table, padding]);
}

describe('what is no trace is refused by name', () => {
  test('nothing there', () => expect(codes(path('absent'))).toEqual(['P2M_OPEN']));
  test('a directory', () => {
    mkdirSync(path('dir'));
    expect(codes(path('dir'))).toEqual(['P2M_NOT_A_FILE']);
  });
  test('an empty file', () => expect(codes(file())).toEqual(['P2M_NOT_A_TRACE']));
  test('text', () => expect(codes(file(Buffer.from('{"kind":"mark"}\n')))).toEqual(['P2M_NOT_A_TRACE']));
  test('the magic alone', () => expect(codes(file(HEAD))).toEqual(['P2M_CUT']));
  test('the magic at both ends', () => expect(codes(file(HEAD, HEAD, HEAD.subarray(0, 6)))).toEqual(['P2M_DAMAGED']));
  test.each(['file', 'stream'] as const)('another Arrow %s', form => {
    expect(codes(file(tableToIPC(tableFromArrays({ a: [1, 2] }), form)))).toEqual(['P2M_SCHEMA']);
  });
  test('a little-endian schema without columns', () => {
    expect(codes(file(HEAD, emptySchema(Endianness.Little)))).toEqual(['P2M_SCHEMA']);
  });
  test('a big-endian schema', () => {
    expect(codes(file(HEAD, emptySchema(Endianness.Big)))).toEqual(['P2M_ENDIAN']);
    expect(codes(file(emptySchema(Endianness.Big), EOS))).toEqual(['P2M_ENDIAN']);
  });
  test('a schema version to come', () => {
    expect(codes(file(HEAD, encodeSchemaMessage(pairs('3', METADATA)), EOS))).toEqual(['P2M_SCHEMA_VERSION']);
  });
  test.each(['', '{', '[]', '{}', METADATA.replace('P6', 'P66')])('the metadata %j', metadata => {
    expect(codes(file(HEAD, encodeSchemaMessage(pairs('2', metadata)), EOS))).toEqual(['P2M_METADATA']);
  });
});

describe('a length of 2 GB that the file does not have is not believed', () => {
  const LENGTH = 0x7fff_fff8;

  test('of the first message', () => expect(codes(file(HEAD, le32(-1, LENGTH), METADATA_BYTES))).toEqual(['P2M_CUT']));

  test('of a later message', () => {
    const schema = encodeSchemaMessage(pairs('2', METADATA));
    expect(codes(file(HEAD, schema, le32(-1, LENGTH), METADATA_BYTES))).toEqual(['P2M_CUT']);
  });

  test('of the footer', () => {
    writeRows(path('t'), SAMPLE_ROWS, 4);
    const bytes = readFileSync(path('t'));
    le32(LENGTH).copy(bytes, bytes.length - 10);
    expect(codes(file(bytes))).toEqual(['P2M_DAMAGED']);
  });

  test.each([LENGTH, 2 ** 40, 2 ** 53 - 1])('of a body that claims %d bytes', bytes => {
    const { regions } = bodyLayout(1, 0);
    const nothing = regions.map(() => 0);
    const batch = encodeBatchMessage(1, regions, bytes, []);
    completeMessage(batch, nothing, nothing);
    const schema = encodeSchemaMessage(pairs('2', METADATA));
    expect(codes(file(HEAD, schema, batch.framed, METADATA_BYTES))).toEqual(['P2M_CUT']);
  });

  test.each([2 ** 26 + 1, 2 ** 31, 2 ** 53 - 1])('of a batch that claims %d rows', rows => {
    const { regions, bytes } = bodyLayout(1, 0);
    const nothing = regions.map(() => 0);
    const batch = encodeBatchMessage(rows, regions, bytes, []);
    completeMessage(batch, nothing, nothing);
    const schema = encodeSchemaMessage(pairs('2', METADATA));
    const name = file(HEAD, schema, batch.framed, Buffer.alloc(bytes), EOS);
    const reader = TraceReader.open(name);
    reader.close();
    expect([reader.damage?.code, reader.damage?.byte]).toEqual(['P2M_DAMAGED', HEAD.length + schema.length]);
  });
});

const METADATA_BYTES = Buffer.alloc(4096, 0x20);

test('a length that the file does have is not read into memory unless a message can be that long', () => {
  // A sparse file: 3 GB that take no room.
  const fd = openSync(path('sparse'), 'w');
  writeSync(fd, Buffer.concat([HEAD, le32(-1, 0x7fff_fff8)]));
  ftruncateSync(fd, 3 * 2 ** 30);
  writeSync(fd, Buffer.concat([le32(0x7fff_ff00), HEAD.subarray(0, 6)]), 0, 10, 3 * 2 ** 30 - 10);
  closeSync(fd);
  const before = process.memoryUsage().rss;
  expect(codes(path('sparse'))).toEqual(['P2M_DAMAGED']);
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 29);
});
