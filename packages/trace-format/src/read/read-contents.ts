import { P2mError } from '../errors.js';
import {
  type DictionaryHeader,
  decodeFooter,
  decodeMessage,
  decodeNames,
  type FooterInfo,
  type MessageHeaderInfo,
} from '../ipc/decode-message.js';
import type { MessageBlock } from '../ipc/encode-message.js';
import { MAGIC } from '../ipc/file-format.js';
import { DICTIONARY_NAMES, type DictionaryName, type SchemaVersion } from '../schema/columns.js';
import { type BatchInfo, batchInfo } from './batch-info.js';
import type { RandomAccess } from './file-access.js';

/** Why a trace ends before its file does; everything before that point is intact. */
export interface Damage {
  readonly code: string;
  readonly what: string;
  /** Byte from which on nothing is used. */
  readonly byte: number;
}

const HEAD = 8;
const TAIL = 4 + MAGIC.length;
/** No message's metadata, dictionary or footer is longer; a larger claim is not read into memory. */
const MAX_METADATA = 1 << 28;

/** What is found in a trace without reading a column. */
export interface Contents {
  readonly metadata: ReadonlyMap<string, string>;
  readonly names: Map<DictionaryName, string[]>;
  readonly batches: BatchInfo[];
  readonly checksummed: boolean;
  readonly damage: Damage | undefined;
}

/** Where the first message of a trace starts. @throws P2mError P2M_NOT_A_TRACE */
export function traceStart(file: RandomAccess): { start: number; isStream: boolean } {
  const magic = new TextDecoder('latin1').decode(file.bytes(0, Math.min(file.size, MAGIC.length)));
  const isStream = file.size >= 8 && new DataView(file.bytes(0, 4).buffer).getUint32(0, true) === 0xffff_ffff;
  if (magic !== MAGIC && !isStream) {
    const what = file.size === 0 ? 'the file is empty' : 'the file does not start with the Arrow magic';
    throw new P2mError('P2M_NOT_A_TRACE', `${what}: it is no p2mtrace trace`, {
      place: { byte: 0 },
      remedy: 'make one with: p2mtrace import CAPTURE -o TRACE.arrow',
    });
  }
  return { start: isStream ? 0 : HEAD, isStream };
}

/** Finds the messages of a trace: by its footer, or one after the other if it has none. @throws P2mError */
export function readContents(file: RandomAccess): Contents {
  const { start, isStream } = traceStart(file);
  if (!isStream) {
    const footer = readFooter(file);
    if (footer instanceof P2mError) return walk(file, start, footer);
    try {
      return fromFooter(file, footer);
    } catch (error) {
      // Something that the footer points at is damaged; walking the messages may still find an intact prefix.
      if (error instanceof P2mError) return walk(file, start, error);
      throw error;
    }
  }
  return walk(file, start, undefined);
}

export interface FoundFooter extends FooterInfo {
  /** Byte at which the footer starts. */
  readonly at: number;
}

/** The footer, or what is wrong with it. @throws P2mError P2M_SCHEMA, P2M_SCHEMA_VERSION, P2M_ENDIAN */
export function readFooter(file: RandomAccess): FoundFooter | P2mError {
  try {
    if (file.size < HEAD + TAIL) throw cut(file, file.size);
    const tail = file.bytes(file.size - TAIL, TAIL);
    if (new TextDecoder('latin1').decode(tail.subarray(4)) !== MAGIC) throw cut(file, file.size);
    const length = new DataView(tail.buffer).getInt32(0, true);
    const offset = file.size - TAIL - length;
    if (length <= 0 || offset < HEAD || length > MAX_METADATA) {
      throw damage(`the footer claims ${length} bytes`, file.size - TAIL);
    }
    return { ...decodeFooter(file.bytes(offset, length), file.size), at: offset };
  } catch (error) {
    // A different schema is not damage, and walking the messages would not help.
    if (error instanceof P2mError && !/^P2M_(SCHEMA|SCHEMA_VERSION|ENDIAN)$/.test(error.code)) return error;
    throw error;
  }
}

const cut = (file: RandomAccess, byte: number) =>
  new P2mError('P2M_CUT', 'the trace was cut: it has no end', {
    place: { file: file.path, byte },
    remedy: 'the recording did not finish; what is here is readable',
  });
const damage = (what: string, byte: number) =>
  new P2mError('P2M_DAMAGED', what, { place: { byte }, remedy: 'copy the trace again, or import the capture again' });

export function asDamage(error: P2mError, byte: number): Damage {
  return { code: error.code, what: error.message, byte: error.place.byte ?? byte };
}

/** Follows the footer's list of messages. */
function fromFooter(file: RandomAccess, footer: FooterInfo): Contents {
  const { version } = footer;
  // Some other writers put a schema in the footer only.
  const { header: head } = readMessage(file, HEAD);
  const headChecksummed = head.type === 'schema' && head.checksummed;
  if (headChecksummed !== footer.checksummed) throw damage('the head or the footer has lost its checksum', HEAD);
  const names = new Map<DictionaryName, string[]>();
  for (const block of footer.dictionaries) {
    const { header, body } = readMessage(file, block.offset, { expected: block, version });
    if (header.type !== 'dictionary') throw damage('the footer takes another message for a dictionary', block.offset);
    addNames(names, readNames(file, header, body, footer.checksummed));
  }
  const batches: BatchInfo[] = [];
  let problem: Damage | undefined;
  let seq = 0;
  for (const block of footer.batches) {
    try {
      const { header, body } = readMessage(file, block.offset, { expected: block, version });
      if (header.type !== 'batch') throw damage('the footer takes another message for a batch', block.offset);
      if (footer.checksummed && header.crcs === undefined) throw damage('a batch has lost its checksum', block.offset);
      batches.push(batchInfo(header, batches.length, body, seq));
      seq += header.rows;
    } catch (error) {
      if (!(error instanceof P2mError)) throw error;
      problem = asDamage(error, block.offset);
      break;
    }
  }
  return { metadata: footer.metadata, names, batches, checksummed: footer.checksummed, damage: problem };
}

/** Reads message after message, as long as they are intact: a stream, or a file that lost its footer. */
function walk(file: RandomAccess, start: number, why: P2mError | undefined): Contents {
  const head = readMessage(file, start);
  if (head.header.type !== 'schema') throw damage('the first message is no schema', start);
  const { metadata, version, checksummed } = head.header;
  const names = new Map<DictionaryName, string[]>();
  const batches: BatchInfo[] = [];
  let at = head.body;
  let seq = 0;
  let problem: Damage | undefined = why && asDamage(why, at);
  for (;;) {
    try {
      if (at === file.size) {
        // Batches may be missing: only the mark says that there are no more.
        if (why === undefined) throw cut(file, at);
        break;
      }
      if (isEnd(file, at)) {
        // The stream ends here; anything after it would be lost without notice.
        if (why === undefined && at + 8 < file.size)
          throw damage(`${file.size - at - 8} bytes follow the end of the stream`, at + 8);
        break;
      }
      const { header, body } = readMessage(file, at, { version });
      if (header.type === 'schema') throw damage('a second schema', at);
      if (body + header.bodyBytes > file.size) throw cut(file, at);
      if (header.type === 'dictionary') {
        addNames(names, readNames(file, header, body, checksummed));
      } else {
        if (checksummed && header.crcs === undefined) throw damage('a batch has lost its checksum', at);
        batches.push(batchInfo(header, batches.length, body, seq));
        seq += header.rows;
      }
      at = body + header.bodyBytes;
    } catch (error) {
      if (!(error instanceof P2mError)) throw error;
      problem = asDamage(error, at);
      break;
    }
  }
  return { metadata, names, batches, checksummed, damage: problem };
}

/** True if the end-of-stream marker is here. */
export function isEnd(file: RandomAccess, at: number): boolean {
  if (file.size - at < 8) return false;
  const prefix = new DataView(file.bytes(at, 8).buffer);
  return prefix.getUint32(0, true) === 0xffff_ffff && prefix.getUint32(4, true) === 0;
}

/** Reads and checks the metadata of one message, but not its body. @throws P2mError P2M_CUT, P2M_DAMAGED */
export function readMessage(
  file: RandomAccess,
  at: number,
  { expected, version }: { readonly expected?: MessageBlock; readonly version?: SchemaVersion } = {},
): { header: MessageHeaderInfo; body: number } {
  if (file.size - at < 8) throw cut(file, at);
  const prefix = new DataView(file.bytes(at, 8).buffer);
  const length = prefix.getInt32(4, true);
  if (prefix.getUint32(0, true) !== 0xffff_ffff || length <= 0 || length % 8 !== 0) {
    throw damage('there is no Arrow message', at);
  }
  if (length > file.size - at - 8) throw cut(file, at);
  if (length > MAX_METADATA) throw damage(`a message claims ${length} bytes of metadata`, at);
  if (expected !== undefined && expected.metadataBytes !== length + 8)
    throw damage('a message has changed its size', at);
  const body = at + 8 + length;
  try {
    const header = decodeMessage(file.bytes(at, length + 8), file.size - body, version);
    return { header, body };
  } catch (error) {
    throw error instanceof P2mError ? error.at({ byte: at }) : error;
  }
}

interface NewDictionary {
  readonly name: DictionaryName;
  readonly isDelta: boolean;
  readonly added: string[];
}

/** Reads and checks the names of a dictionary message whose body starts at `body`. @throws P2mError P2M_DAMAGED */
export function readNames(
  file: RandomAccess,
  header: DictionaryHeader,
  body: number,
  checksummed: boolean,
): NewDictionary {
  const name = DICTIONARY_NAMES[header.id];
  if (name === undefined) throw damage(`there is no dictionary ${header.id}`, body);
  if (checksummed && header.crc === undefined) throw damage('a dictionary has lost its checksum', body);
  if (header.bodyBytes > MAX_METADATA) throw damage(`a dictionary claims ${header.bodyBytes} bytes`, body);
  const bytes = file.bytes(body, header.bodyBytes);
  try {
    return { name, isDelta: header.isDelta, added: decodeNames(header, bytes) };
  } catch (error) {
    throw error instanceof P2mError ? error.at({ byte: body }) : error;
  }
}

/** A delta adds to the names before it; any other dictionary replaces them. */
export function addNames(all: Map<DictionaryName, string[]>, { name, isDelta, added }: NewDictionary): void {
  all.set(name, isDelta ? [...(all.get(name) ?? []), ...added] : added);
}
