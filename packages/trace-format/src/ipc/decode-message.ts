import { crc32 } from 'node:zlib';
import { BodyCompressionMethod } from 'apache-arrow/fb/body-compression-method';
import { DictionaryBatch } from 'apache-arrow/fb/dictionary-batch';
import { Footer } from 'apache-arrow/fb/footer';
import { Message } from 'apache-arrow/fb/message';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { MetadataVersion } from 'apache-arrow/fb/metadata-version';
import { RecordBatch } from 'apache-arrow/fb/record-batch';
import { Schema } from 'apache-arrow/fb/schema';
import { ByteBuffer } from 'flatbuffers';
import { COMPRESSIONS, type Compression } from '../compress/codec.js';
import { codecOf } from '../compress/codec-of.js';
import { containedBytes, expandBuffer } from '../compress/compressed-buffer.js';
import { P2mError } from '../errors.js';
import {
  COLUMN_NAMES,
  COLUMNS,
  DICTIONARY_NAMES,
  isAddressDictionary,
  SCHEMA_VERSION,
  type SchemaVersion,
} from '../schema/columns.js';
import { hex } from '../u64.js';
import { bodyLayout, type ColumnRegion } from './body-layout.js';
import { type CrcCheck, checkCrc } from './checksum.js';
import { decodeKeyValues, decodeSchema } from './decode-schema.js';
import { CODECS, type MessageBlock } from './encode-message.js';

const PREFIX = 8;
/** No writer puts more rows into a batch, so a larger count is damage. */
const MAX_ROWS = 1 << 26;
/** So that a small file can't ask for a large memory. */
const MAX_COMPRESSED_ROWS = 1 << 20;
/** What the compressed values of a dictionary may contain. */
const MAX_DICTIONARY = 1 << 26;
/** No trace has more messages (at 64K rows each this is 10^12 events). */
const MAX_BLOCKS = 1 << 24;

export interface BatchHeader {
  readonly type: 'batch';
  readonly version: SchemaVersion;
  readonly rows: number;
  readonly bodyBytes: number;
  readonly compression: Compression | undefined;
  /** Where the columns are in the file; compressed, they are elsewhere in memory (bodyLayout). */
  readonly regions: readonly ColumnRegion[];
  /** True for each column that no row has. */
  readonly absent: readonly boolean[];
  /** CRC of each region, undefined in a trace without checksums. */
  readonly crcs: readonly number[] | undefined;
  readonly custom: ReadonlyMap<string, string>;
}
export interface DictionaryHeader {
  readonly type: 'dictionary';
  readonly id: number;
  readonly count: number;
  readonly isDelta: boolean;
  readonly bodyBytes: number;
  readonly compression: Compression | undefined;
  readonly offsets: { readonly offset: number; readonly bytes: number };
  readonly text: { readonly offset: number; readonly bytes: number };
  readonly crc: number | undefined;
}
interface SchemaHeader {
  readonly type: 'schema';
  readonly bodyBytes: 0;
  readonly metadata: ReadonlyMap<string, string>;
  readonly version: SchemaVersion;
  readonly checksummed: boolean;
}
export type MessageHeaderInfo = BatchHeader | DictionaryHeader | SchemaHeader;

const damaged = (what: string) =>
  new P2mError('P2M_DAMAGED', what, { remedy: 'copy the trace again, or import the capture again' });

/** Reports any failure to decode a flatbuffer as damage, whatever the library threw. */
function guarded<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof P2mError) throw error;
    throw damaged(`${what} can't be decoded`);
  }
}

/** A flatbuffer's u64 as a number, checked against a maximum. */
function bounded(value: bigint, max: number, what: string): number {
  if (value < 0n || value > BigInt(max)) throw damaged(`${what} is ${value}`);
  return Number(value);
}

/**
 * Decodes a framed message (prefix and metadata). `maxBody`: bytes of the file that follow it. `version`: of the schema
 * before it.
 */
export function decodeMessage(
  framed: Uint8Array,
  maxBody: number,
  version: SchemaVersion = SCHEMA_VERSION,
): MessageHeaderInfo {
  const check = checkCrc(framed);
  if (check === 'damaged') throw damaged('the checksum of a message does not match');
  return guarded('a message', () => {
    const message = Message.getRootAsMessage(new ByteBuffer(framed.subarray(PREFIX)));
    if (message.version() > MetadataVersion.V5) throw damaged(`Arrow metadata version ${message.version()} is unknown`);
    const bodyBytes = bounded(message.bodyLength(), Number.MAX_SAFE_INTEGER, 'the length of a message body');
    if (bodyBytes > maxBody) {
      throw new P2mError('P2M_CUT', `the trace was cut: ${bodyBytes - maxBody} bytes of a message are missing`, {
        remedy: 'the recording did not finish; what is before is readable',
      });
    }
    switch (message.headerType()) {
      case MessageHeader.Schema: {
        const schema = decodeSchema(message.header(new Schema()));
        return { type: 'schema', bodyBytes: 0, ...schema, checksummed: check !== 'absent' };
      }
      case MessageHeader.DictionaryBatch:
        return decodeDictionary(message.header(new DictionaryBatch()), bodyBytes, check);
      case MessageHeader.RecordBatch:
        return decodeBatch(message, bodyBytes, check, version);
      default:
        throw damaged(`a message of type ${message.headerType()} has no place in a trace`);
    }
  });
}

function decodeBatch(
  message: Message,
  bodyBytes: number,
  check: Exclude<CrcCheck, 'damaged'>,
  version: SchemaVersion,
): BatchHeader {
  const batch: RecordBatch = message.header(new RecordBatch());
  const compression = compressionOf(batch);
  const rows = bounded(batch.length(), compression ? MAX_COMPRESSED_ROWS : MAX_ROWS, 'the number of rows');
  if (compression !== undefined)
    return { ...decodeCompressed(message, batch, rows, bodyBytes, compression, check), version };
  const rawBytes = bounded(batch.buffers(batch.buffersLength() - 1)?.length() ?? 0n, bodyBytes, 'the raw column');
  const layout = bodyLayout(rows, rawBytes, version);
  const regions = check === 'absent' ? foreignRegions(batch, layout.regions, bodyBytes) : layout.regions;
  if (check !== 'absent') {
    if (layout.bytes !== bodyBytes)
      throw damaged(`a batch of ${rows} rows has ${bodyBytes} bytes, not ${layout.bytes}`);
    if (check.body.length !== regions.length) throw damaged('a batch has too few checksums');
  }
  const crcs = check === 'absent' ? undefined : check.body;
  const absent = regions.map(() => false);
  const custom = decodeKeyValues(message);
  return { type: 'batch', version, rows, bodyBytes, compression, regions, absent, crcs, custom };
}

/** The codec of a batch or dictionary. */
function compressionOf(batch: RecordBatch): Compression | undefined {
  const compression = batch.compression();
  if (compression === null) return undefined;
  const found = COMPRESSIONS.find(name => CODECS[name] === compression.codec());
  if (found === undefined || compression.method() !== BodyCompressionMethod.BUFFER) {
    throw damaged(`a body is compressed in a way (${compression.codec()}) that Arrow does not have`);
  }
  return found;
}

/** Compressed buffers may lie anywhere in the body; with checksums, columns follow each other without a gap. */
function decodeCompressed(
  message: Message,
  batch: RecordBatch,
  rows: number,
  bodyBytes: number,
  compression: Compression,
  check: Exclude<CrcCheck, 'damaged'>,
): Omit<BatchHeader, 'version'> {
  let next = 0;
  const buffer = (what: string) => {
    const entry = batch.buffers(next++);
    if (entry === null) throw damaged(`the batch has no buffer for ${what}`);
    const offset = bounded(entry.offset(), bodyBytes, `the offset of ${what}`);
    return { offset, bytes: bounded(entry.length(), bodyBytes - offset, `the length of ${what}`) };
  };
  const absent: boolean[] = [];
  const regions = COLUMN_NAMES.map((name, i): ColumnRegion => {
    const nulls = bounded(batch.nodes(i)?.nullCount() ?? 0n, MAX_ROWS, 'a null count');
    absent.push(check !== 'absent' && COLUMNS[name].nullable && nulls === rows);
    const validity = buffer(`${name}'s validity`);
    const offsets = COLUMNS[name].type === 'binary' ? buffer(`${name}'s offsets`) : undefined;
    const values = buffer(name);
    return { name, offset: validity.offset, bytes: 0, validity, ...(offsets && { offsets }), values };
  });
  const custom = decodeKeyValues(message);
  if (check === 'absent')
    return { type: 'batch', rows, bodyBytes, compression, regions, absent, crcs: undefined, custom };
  if (check.body.length !== regions.length) throw damaged('a batch has too few checksums');
  const whole = regions.map((region, i): ColumnRegion => {
    const end = i + 1 === regions.length ? bodyBytes : regions[i + 1].offset;
    if (end < region.offset || (i === 0 && region.offset > 0))
      throw damaged(`column ${region.name} is out of its place`);
    for (const part of [region.validity, region.offsets, region.values]) {
      if (part === undefined || (part.offset >= region.offset && part.offset + part.bytes <= end)) continue;
      throw damaged(`a buffer of column ${region.name} is out of its place`);
    }
    return { ...region, bytes: end - region.offset };
  });
  return { type: 'batch', rows, bodyBytes, compression, regions: whole, absent, crcs: check.body, custom };
}

/** Regions as laid out by another writer: each buffer is checked against the body and the size its rows need. */
function foreignRegions(batch: RecordBatch, own: readonly ColumnRegion[], bodyBytes: number): ColumnRegion[] {
  let next = 0;
  const buffer = (needed: number, what: string) => {
    const entry = batch.buffers(next++);
    if (entry === null) throw damaged(`the batch has no buffer for ${what}`);
    const offset = bounded(entry.offset(), bodyBytes, `the offset of ${what}`);
    const bytes = bounded(entry.length(), bodyBytes - offset, `the length of ${what}`);
    if (bytes < needed) throw damaged(`${what} has ${bytes} bytes instead of ${needed}`);
    if (offset % 8 !== 0) throw damaged(`${what} is not aligned`);
    return { offset, bytes: needed };
  };
  return own.map((region, i) => {
    // An absent validity buffer means that no value is null.
    const nulls = bounded(batch.nodes(i)?.nullCount() ?? 0n, MAX_ROWS, 'a null count');
    const validity = buffer(nulls === 0 ? 0 : region.validity.bytes, `${region.name}'s validity`);
    const offsets = region.offsets && buffer(region.offsets.bytes, `${region.name}'s offsets`);
    const values = buffer(region.values.bytes, region.name);
    return { name: region.name, offset: 0, bytes: 0, validity, ...(offsets && { offsets }), values };
  });
}

function decodeDictionary(
  header: DictionaryBatch,
  bodyBytes: number,
  check: Exclude<CrcCheck, 'damaged'>,
): DictionaryHeader {
  const data = header.data();
  if (data === null) throw damaged('a dictionary without data');
  const compression = compressionOf(data);
  const count = bounded(data.length(), compression ? MAX_DICTIONARY / 8 : bodyBytes, 'the number of names');
  const buffer = (index: number, what: string) => {
    const entry = data.buffers(index);
    if (entry === null) throw damaged(`a dictionary without ${what}`);
    const offset = bounded(entry.offset(), bodyBytes, `the offset of ${what}`);
    return { offset, bytes: bounded(entry.length(), bodyBytes - offset, `the length of ${what}`) };
  };
  const id = bounded(header.id(), DICTIONARY_NAMES.length - 1, 'the dictionary id');
  const addresses = isAddressDictionary(DICTIONARY_NAMES[id]);
  const offsets = addresses ? { offset: 0, bytes: 0 } : buffer(1, 'offsets');
  const text = buffer(addresses ? 1 : 2, 'values');
  const crc = check === 'absent' ? undefined : check.body[0];
  return { type: 'dictionary', id, count, isDelta: header.isDelta(), bodyBytes, compression, offsets, text, crc };
}

/** A buffer of a dictionary; p2mtrace compresses none, other writers do. */
function dictionaryBuffer(
  { compression }: DictionaryHeader,
  body: Uint8Array,
  { offset, bytes }: { readonly offset: number; readonly bytes: number },
): Uint8Array {
  const stored = body.subarray(offset, offset + bytes);
  if (compression === undefined) return stored;
  const length = containedBytes(stored);
  if (length === undefined || length > MAX_DICTIONARY) throw damaged('a compressed dictionary claims a wild length');
  const contents = new Uint8Array(length);
  try {
    expandBuffer(stored, contents, codecOf(compression));
  } catch (error) {
    if (error instanceof P2mError) throw error;
    throw damaged(`a dictionary can't be decompressed: ${(error as Error).message}`);
  }
  return contents;
}

/** The names of a dictionary message. */
export function decodeNames(header: DictionaryHeader, body: Uint8Array): string[] {
  if (header.crc !== undefined && crc32(body) !== header.crc) {
    throw damaged('the checksum of a dictionary does not match');
  }
  const { count } = header;
  if (count === 0) return [];
  const text = dictionaryBuffer(header, body, header.text);
  const isAddresses = isAddressDictionary(DICTIONARY_NAMES[header.id]);
  const offsets = isAddresses ? EMPTY : dictionaryBuffer(header, body, header.offsets);
  if (isAddresses ? text.length < count * 8 : offsets.length < (count + 1) * 4) {
    throw damaged(`a dictionary has too few bytes for ${count} values`);
  }
  const view = viewOf(isAddresses ? text : offsets);
  if (isAddresses) return Array.from({ length: count }, (_, i) => hex(view.getBigUint64(i * 8, true)));
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [view.getInt32(i * 4, true), view.getInt32(i * 4 + 4, true)];
    if (from < 0 || to < from || to > text.length) throw damaged('a dictionary has wild offsets');
    return decoder.decode(text.subarray(from, to));
  });
}

const EMPTY = new Uint8Array(0);
const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array) => new DataView(buffer, byteOffset, byteLength);

export interface FooterInfo {
  readonly version: SchemaVersion;
  readonly metadata: ReadonlyMap<string, string>;
  readonly dictionaries: readonly MessageBlock[];
  readonly batches: readonly MessageBlock[];
  readonly checksummed: boolean;
}

/** Decodes the footer of a file of `fileBytes` bytes; checks that every block lies within the file. */
export function decodeFooter(bytes: Uint8Array, fileBytes: number): FooterInfo {
  const check = checkCrc(bytes);
  if (check === 'damaged') throw damaged('the checksum of the footer does not match');
  return guarded('the footer', () => {
    const footer = Footer.getRootAsFooter(new ByteBuffer(bytes));
    const schema = footer.schema();
    if (schema === null) throw damaged('the footer has no schema');
    const { metadata, version } = decodeSchema(schema);
    const blocks = (length: number, block: (i: number) => ReturnType<Footer['recordBatches']>): MessageBlock[] => {
      if (length < 0 || length > MAX_BLOCKS || length * 24 > bytes.length)
        throw damaged(`the footer lists ${length} blocks`);
      return Array.from({ length }, (_, i) => {
        const entry = block(i);
        if (entry === null) throw damaged('the footer has an empty block');
        const offset = bounded(entry.offset(), fileBytes, 'the offset of a block');
        const metadataBytes = bounded(BigInt(entry.metaDataLength()), fileBytes - offset, 'the metadata of a block');
        const bodyBytes = bounded(entry.bodyLength(), fileBytes - offset - metadataBytes, 'the body of a block');
        return { offset, metadataBytes, bodyBytes };
      });
    };
    return {
      version,
      metadata,
      dictionaries: blocks(footer.dictionariesLength(), i => footer.dictionaries(i)),
      batches: blocks(footer.recordBatchesLength(), i => footer.recordBatches(i)),
      checksummed: check !== 'absent',
    };
  });
}
