import { crc32 } from 'node:zlib';
import { Block } from 'apache-arrow/fb/block';
import { BodyCompression } from 'apache-arrow/fb/body-compression';
import { BodyCompressionMethod } from 'apache-arrow/fb/body-compression-method';
import { Buffer as BufferTable } from 'apache-arrow/fb/buffer';
import { CompressionType } from 'apache-arrow/fb/compression-type';
import { DictionaryBatch } from 'apache-arrow/fb/dictionary-batch';
import { FieldNode } from 'apache-arrow/fb/field-node';
import { Footer } from 'apache-arrow/fb/footer';
import { Message } from 'apache-arrow/fb/message';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { MetadataVersion } from 'apache-arrow/fb/metadata-version';
import { RecordBatch } from 'apache-arrow/fb/record-batch';
import { Builder, ByteBuffer } from 'flatbuffers';
import type { Compression } from '../compress/codec.js';
import { DICTIONARY_NAMES, isAddressDictionary } from '../schema/columns.js';
import { type ColumnRegion, padded } from './body-layout.js';
import { blankCrcs, CRC_KEY, placeOfCrcs, stampCrcs } from './checksum.js';
import { encodeKeyValues, encodeSchema } from './encode-schema.js';

/** First bytes of a message in the stream format: 0xffffffff, then the metadata's length. */
const PREFIX = 8;

interface Region {
  readonly offset: number;
  readonly bytes: number;
}

/** Frames a finished flatbuffer as a stream message. */
function frame(b: Builder): Uint8Array {
  const table = b.asUint8Array();
  const length = Math.ceil(table.length / 8) * 8;
  const framed = new Uint8Array(PREFIX + length);
  new DataView(framed.buffer).setUint32(0, 0xffff_ffff, true);
  new DataView(framed.buffer).setInt32(4, length, true);
  framed.set(table, PREFIX);
  return framed;
}

/** The framed metadata of a message whose body has this many regions; its checksums are still blank. */
function finishMessage(
  b: Builder,
  type: MessageHeader,
  header: number,
  bodyBytes: number,
  regions: number,
  extra: Iterable<readonly [string, string]> = [],
): Uint8Array {
  const pairs = encodeKeyValues(b, [[CRC_KEY, blankCrcs(regions)], ...extra]);
  const custom = Message.createCustomMetadataVector(b, pairs);
  b.finish(Message.createMessage(b, MetadataVersion.V5, type, header, BigInt(bodyBytes), custom));
  return frame(b);
}

export function encodeSchemaMessage(metadata: Iterable<readonly [string, string]>): Uint8Array {
  const b = new Builder(8192);
  const message = finishMessage(b, MessageHeader.Schema, encodeSchema(b, metadata), 0, 0);
  stampCrcs(message, []);
  return message;
}

/** Arrow's names of the codecs. */
export const CODECS: Readonly<Record<Compression, CompressionType>> = {
  lz4: CompressionType.LZ4_FRAME,
  zstd: CompressionType.ZSTD,
};

function encodeRecordBatch(
  b: Builder,
  rows: number,
  nulls: readonly number[],
  buffers: readonly Region[],
  compression?: Compression,
) {
  RecordBatch.startBuffersVector(b, buffers.length);
  for (const { offset, bytes } of buffers.toReversed()) BufferTable.createBuffer(b, BigInt(offset), BigInt(bytes));
  const bufferVector = b.endVector();
  RecordBatch.startNodesVector(b, nulls.length);
  for (const count of nulls.toReversed()) FieldNode.createFieldNode(b, BigInt(rows), BigInt(count));
  const nodes = b.endVector();
  const body =
    compression && BodyCompression.createBodyCompression(b, CODECS[compression], BodyCompressionMethod.BUFFER);
  RecordBatch.startRecordBatch(b);
  RecordBatch.addLength(b, BigInt(rows));
  RecordBatch.addNodes(b, nodes);
  RecordBatch.addBuffers(b, bufferVector);
  if (body !== undefined) RecordBatch.addCompression(b, body);
  return { header: RecordBatch.endRecordBatch(b), nodes, bufferVector };
}

/** Metadata of a record batch, made before the batch itself is complete. */
export interface BatchMessage {
  /** Framed. Its checksums and null counts are blank: completeMessage fills them in. */
  readonly framed: Uint8Array;
  /** Where the field nodes start; the upper half of each is its null count. */
  readonly nodesAt: number;
  /** Where the digits of the checksums start. */
  readonly crcsAt: number;
  /** Where the places of the buffers start, and where the length of the body is: of a compressed one they come later. */
  readonly buffersAt: number;
  readonly bodyBytesAt: number;
}

/** Metadata of a record batch whose body has these regions; `extra` is what a seek needs to know. */
export function encodeBatchMessage(
  rows: number,
  regions: readonly ColumnRegion[],
  bodyBytes: number,
  extra: Iterable<readonly [string, string]>,
  compression?: Compression,
): BatchMessage {
  const b = new Builder(4096);
  const buffers = regions.flatMap(r => (r.offsets ? [r.validity, r.offsets, r.values] : [r.validity, r.values]));
  const nulls = regions.map(() => 0);
  const { header, nodes, bufferVector } = encodeRecordBatch(b, rows, nulls, buffers, compression);
  const framed = finishMessage(b, MessageHeader.RecordBatch, header, bodyBytes, regions.length, extra);
  // A builder counts from the end; structures follow the length of their vector.
  const placeOf = (vector: number) => PREFIX + b.offset() - vector + 4;
  const message = Message.getRootAsMessage(new ByteBuffer(framed.subarray(PREFIX)));
  return {
    framed,
    nodesAt: placeOf(nodes),
    crcsAt: placeOfCrcs(framed, regions.length),
    buffersAt: placeOf(bufferVector),
    bodyBytesAt: PREFIX + message.bb_pos + (message.bb?.__offset(message.bb_pos, BODY_LENGTH) ?? 0),
  };
}

/** Place of the field bodyLength in the table of a message's fields. */
const BODY_LENGTH = 10;

/** A dictionary of names; a delta adds to the names written before. */
export function encodeDictionaryMessage(
  id: number,
  names: readonly string[],
  isDelta: boolean,
): { metadata: Uint8Array; body: Uint8Array } {
  if (isAddressDictionary(DICTIONARY_NAMES[id])) return encodeAddresses(id, names, isDelta);
  const text = Buffer.from(names.join(''), 'utf8');
  const offsetBytes = (names.length + 1) * 4;
  const body = new Uint8Array(padded(offsetBytes) + padded(text.length));
  const offsets = new Int32Array(body.buffer, 0, names.length + 1);
  names.forEach((name, i) => {
    offsets[i + 1] = offsets[i] + Buffer.byteLength(name, 'utf8');
  });
  body.set(text, padded(offsetBytes));
  const buffers = [
    { offset: 0, bytes: 0 },
    { offset: 0, bytes: offsetBytes },
    { offset: padded(offsetBytes), bytes: text.length },
  ];
  return { metadata: dictionaryMetadata(id, names.length, isDelta, buffers, body), body };
}

/** A dictionary of u64 addresses, given as hex text. */
function encodeAddresses(id: number, addresses: readonly string[], isDelta: boolean) {
  const bytes = addresses.length * 8;
  const body = new Uint8Array(padded(bytes));
  new BigUint64Array(body.buffer, 0, addresses.length).set(addresses.map(BigInt));
  const buffers = [
    { offset: 0, bytes: 0 },
    { offset: 0, bytes },
  ];
  return { metadata: dictionaryMetadata(id, addresses.length, isDelta, buffers, body), body };
}

function dictionaryMetadata(id: number, count: number, isDelta: boolean, buffers: Region[], body: Uint8Array) {
  const b = new Builder(1024);
  const { header: data } = encodeRecordBatch(b, count, [0], buffers);
  DictionaryBatch.startDictionaryBatch(b);
  DictionaryBatch.addId(b, BigInt(id));
  DictionaryBatch.addData(b, data);
  DictionaryBatch.addIsDelta(b, isDelta);
  const header = DictionaryBatch.endDictionaryBatch(b);
  const message = finishMessage(b, MessageHeader.DictionaryBatch, header, body.length, 1);
  stampCrcs(message, [crc32(body)]);
  return message;
}

/** Where a message lies in the file, as a footer lists it. */
export interface MessageBlock {
  readonly offset: number;
  readonly metadataBytes: number;
  readonly bodyBytes: number;
}

function encodeBlocks(b: Builder, blocks: readonly MessageBlock[], start: (b: Builder, n: number) => void): number {
  start(b, blocks.length);
  for (const block of blocks.toReversed()) {
    Block.createBlock(b, BigInt(block.offset), block.metadataBytes, BigInt(block.bodyBytes));
  }
  return b.endVector();
}

/** Footer of the file format, with its own checksum; the caller adds its length and the magic. */
export function encodeFooter(
  metadata: Iterable<readonly [string, string]>,
  dictionaries: readonly MessageBlock[],
  batches: readonly MessageBlock[],
): Uint8Array {
  const b = new Builder(8192);
  const schema = encodeSchema(b, metadata);
  const dictionaryBlocks = encodeBlocks(b, dictionaries, Footer.startDictionariesVector);
  const batchBlocks = encodeBlocks(b, batches, Footer.startRecordBatchesVector);
  const custom = Footer.createCustomMetadataVector(b, encodeKeyValues(b, [[CRC_KEY, blankCrcs(0)]]));
  Footer.startFooter(b);
  Footer.addVersion(b, MetadataVersion.V5);
  Footer.addSchema(b, schema);
  Footer.addDictionaries(b, dictionaryBlocks);
  Footer.addRecordBatches(b, batchBlocks);
  Footer.addCustomMetadata(b, custom);
  b.finish(Footer.endFooter(b));
  const footer = b.asUint8Array().slice();
  stampCrcs(footer, []);
  return footer;
}
