import { crc32 } from 'node:zlib';
import { DictionaryBatch } from 'apache-arrow/fb/dictionary-batch';
import { Footer } from 'apache-arrow/fb/footer';
import { Message } from 'apache-arrow/fb/message';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { MetadataVersion } from 'apache-arrow/fb/metadata-version';
import { RecordBatch } from 'apache-arrow/fb/record-batch';
import { Schema } from 'apache-arrow/fb/schema';
import { ByteBuffer } from 'flatbuffers';
import { P2mError } from '../errors.js';
import { DICTIONARY_NAMES, isAddressDictionary } from '../schema/columns.js';
import { hex } from '../u64.js';
import { bodyLayout, type ColumnRegion } from './body-layout.js';
import { type CrcCheck, checkCrc } from './checksum.js';
import { decodeKeyValues, decodeSchema } from './decode-schema.js';
import type { MessageBlock } from './encode-message.js';

const PREFIX = 8;
/** No writer puts more rows into a batch, so a larger count is damage. */
const MAX_ROWS = 1 << 26;
/** No trace has more messages (at 64K rows each this is 10^12 events). */
const MAX_BLOCKS = 1 << 24;

export interface BatchHeader {
  readonly type: 'batch';
  readonly rows: number;
  readonly bodyBytes: number;
  readonly regions: readonly ColumnRegion[];
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
  readonly offsets: { readonly offset: number; readonly bytes: number };
  readonly text: { readonly offset: number; readonly bytes: number };
  readonly crc: number | undefined;
}
interface SchemaHeader {
  readonly type: 'schema';
  readonly bodyBytes: 0;
  readonly metadata: ReadonlyMap<string, string>;
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

/** Decodes a framed message (prefix and metadata). `maxBody`: bytes of the file that follow it. */
export function decodeMessage(framed: Uint8Array, maxBody: number): MessageHeaderInfo {
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
        const metadata = decodeSchema(message.header(new Schema()));
        return { type: 'schema', bodyBytes: 0, metadata, checksummed: check !== 'absent' };
      }
      case MessageHeader.DictionaryBatch:
        return decodeDictionary(message.header(new DictionaryBatch()), bodyBytes, check);
      case MessageHeader.RecordBatch:
        return decodeBatch(message, bodyBytes, check);
      default:
        throw damaged(`a message of type ${message.headerType()} has no place in a trace`);
    }
  });
}

function decodeBatch(message: Message, bodyBytes: number, check: Exclude<CrcCheck, 'damaged'>): BatchHeader {
  const batch: RecordBatch = message.header(new RecordBatch());
  if (batch.compression() !== null) throw damaged('the trace is compressed, which schema v1 is not');
  const rows = bounded(batch.length(), MAX_ROWS, 'the number of rows');
  const rawBytes = bounded(batch.buffers(batch.buffersLength() - 1)?.length() ?? 0n, bodyBytes, 'the raw column');
  const layout = bodyLayout(rows, rawBytes);
  const regions = check === 'absent' ? foreignRegions(batch, layout.regions, bodyBytes) : layout.regions;
  if (check !== 'absent') {
    if (layout.bytes !== bodyBytes)
      throw damaged(`a batch of ${rows} rows has ${bodyBytes} bytes, not ${layout.bytes}`);
    if (check.body.length !== regions.length) throw damaged('a batch has too few checksums');
  }
  const crcs = check === 'absent' ? undefined : check.body;
  return { type: 'batch', rows, bodyBytes, regions, crcs, custom: decodeKeyValues(message) };
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
  if (data.compression() !== null) throw damaged('a dictionary is compressed, which schema v1 is not');
  const count = bounded(data.length(), bodyBytes, 'the number of names');
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
  const enough = addresses ? text.bytes >= count * 8 : count === 0 || offsets.bytes >= (count + 1) * 4;
  if (!enough) throw damaged(`a dictionary has too few bytes for ${count} values`);
  const crc = check === 'absent' ? undefined : check.body[0];
  return { type: 'dictionary', id, count, isDelta: header.isDelta(), bodyBytes, offsets, text, crc };
}

/** The names of a dictionary message. */
export function decodeNames(header: DictionaryHeader, body: Uint8Array): string[] {
  if (header.crc !== undefined && crc32(body) !== header.crc) {
    throw damaged('the checksum of a dictionary does not match');
  }
  const names: string[] = [];
  if (header.count === 0) return names;
  if (isAddressDictionary(DICTIONARY_NAMES[header.id])) {
    const values = new DataView(body.buffer, body.byteOffset + header.text.offset, header.text.bytes);
    return Array.from({ length: header.count }, (_, i) => hex(values.getBigUint64(i * 8, true)));
  }
  const view = new DataView(body.buffer, body.byteOffset + header.offsets.offset, header.offsets.bytes);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for (let i = 0; i < header.count; i++) {
    const [from, to] = [view.getInt32(i * 4, true), view.getInt32(i * 4 + 4, true)];
    if (from < 0 || to < from || to > header.text.bytes) throw damaged('a dictionary has wild offsets');
    names.push(decoder.decode(body.subarray(header.text.offset + from, header.text.offset + to)));
  }
  return names;
}

export interface FooterInfo {
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
    const metadata = decodeSchema(schema);
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
      metadata,
      dictionaries: blocks(footer.dictionariesLength(), i => footer.dictionaries(i)),
      batches: blocks(footer.recordBatchesLength(), i => footer.recordBatches(i)),
      checksummed: check !== 'absent',
    };
  });
}
