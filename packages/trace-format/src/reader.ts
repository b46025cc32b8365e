import {
  COLUMNS,
  type ColumnName,
  type ColumnSpec,
  DICTIONARIES,
  DICTIONARY_NAMES,
  type DictionaryName,
} from './columns.js';
import { describePlace, P2mError } from './errors.js';
import { RandomAccess } from './file-access.js';
import {
  type DictionaryHeader,
  decodeFooter,
  decodeMessage,
  decodeNames,
  type FooterInfo,
  type MessageHeaderInfo,
} from './ipc/decode-message.js';
import { METADATA_KEY } from './ipc/decode-schema.js';
import type { MessageBlock } from './ipc/encode-message.js';
import { KindCounts } from './kind-counts.js';
import { parseMetadata, type TraceMetadata } from './metadata.js';
import {
  type BatchInfo,
  BatchMemory,
  batchInfo,
  isValid,
  type ReadBatch,
  readBatch,
  type TranslateIndices,
} from './read-batch.js';
import { MAGIC } from './writer.js';

/** Why a trace ends before its file does; everything before it is whole. */
export interface Damage {
  readonly code: string;
  readonly what: string;
  /** Byte from which on nothing is used. */
  readonly byte: number;
}

const HEAD = 8;
const TAIL = 4 + MAGIC.length;
/** No message's metadata, dictionary or footer is longer; what claims to be is not read into memory. */
const MAX_METADATA = 1 << 28;

/**
 * A trace on disk. Opening reads and checks all metadata and no column; columns are checked as they are read.
 * A trace that was cut or damaged opens as its whole prefix, and `damage` says so.
 */
export class TraceReader {
  readonly path: string;
  metadata: TraceMetadata;
  /** The record batches, in order of seq. */
  batches: readonly BatchInfo[];
  /** Names behind the dictionary columns. */
  readonly names: Readonly<Record<DictionaryName, readonly string[]>>;
  /** Rows in all batches. */
  rows: number;
  /** True when every batch carries checksums (all that p2mtrace writes do). */
  readonly checksummed: boolean;
  damage: Damage | undefined;
  private readonly file: RandomAccess;
  /** For a fixed dictionary that the file numbers otherwise: the file's number → ours. */
  private readonly translations = new Map<DictionaryName, Uint8Array>();

  private constructor(file: RandomAccess, contents: Contents) {
    this.file = file;
    this.path = file.path;
    this.batches = contents.batches;
    this.rows = contents.batches.reduce((sum, batch) => sum + batch.rows, 0);
    this.checksummed = contents.checksummed;
    this.damage = contents.damage;
    this.metadata = parseMetadata(contents.metadata.get(METADATA_KEY) ?? '');
    this.names = Object.fromEntries(
      DICTIONARY_NAMES.map(name => [name, this.known(name, contents.names.get(name) ?? [])]),
    ) as Record<DictionaryName, readonly string[]>;
    if (this.damage !== undefined || this.metadata.counts === undefined) this.recount();
  }

  /**
   * @throws P2mError P2M_OPEN, P2M_NOT_A_FILE, P2M_NOT_A_TRACE, P2M_SCHEMA, P2M_SCHEMA_VERSION, P2M_ENDIAN,
   *   P2M_METADATA, P2M_DAMAGED where not even the head can be read
   */
  static open(path: string): TraceReader {
    const file = new RandomAccess(path);
    try {
      return new TraceReader(file, readContents(file));
    } catch (error) {
      file.close();
      throw error instanceof P2mError ? error.at({ file: path }) : error;
    }
  }

  /** Reads these columns of one batch into `memory`. @throws P2mError P2M_DAMAGED, P2M_SHORT */
  read<C extends ColumnName>(batch: BatchInfo, columns: readonly C[], memory = new BatchMemory()): ReadBatch<C> {
    try {
      return readBatch(this.file, batch, columns, memory, (...column) => this.translate(...column));
    } catch (error) {
      throw error instanceof P2mError ? error.at({ file: this.path, batch: batch.index }) : error;
    }
  }

  close(): void {
    this.file.close();
  }

  /**
   * A trace without its end lacks the counts that stand there: they are taken from the columns, and a batch whose
   * columns turn out damaged ends the prefix.
   */
  private recount(): void {
    const counts = new KindCounts();
    const memory = new BatchMemory();
    for (const batch of this.batches) {
      try {
        const { columns, rows } = this.read(batch, ['kind', 'flags'], memory);
        counts.add(columns.kind, columns.flags, rows);
      } catch (error) {
        if (!(error instanceof P2mError)) throw error;
        this.damage = asDamage(error, batch.body);
        this.batches = this.batches.slice(0, batch.index);
        this.rows = this.batches.reduce((sum, { rows }) => sum + rows, 0);
        break;
      }
    }
    this.metadata = { ...this.metadata, ...counts.summary() };
  }

  /** Names of a dictionary, after checking a fixed one against the schema. */
  private known(name: DictionaryName, found: readonly string[]): readonly string[] {
    const { grows, names } = DICTIONARIES[name];
    if (grows) return found;
    const ours: readonly string[] = names;
    if (found.every((value, i) => value === ours[i])) return ours;
    const table = Uint8Array.from(found, value => {
      const index = ours.indexOf(value);
      if (index < 0) throw new P2mError('P2M_SCHEMA', `the trace uses an unknown ${name}: ${value}`);
      return index;
    });
    this.translations.set(name, table);
    return ours;
  }

  private translate(...[column, values, validity]: Parameters<TranslateIndices>): void {
    const spec: ColumnSpec = COLUMNS[column];
    if (spec.dictionary === undefined) return;
    const table = this.translations.get(spec.dictionary);
    const limit = table?.length ?? this.names[spec.dictionary].length;
    if (!this.checksummed) {
      for (let i = 0; i < values.length; i++) {
        if (values[i] < limit) continue;
        if (validity === undefined || isValid(validity, i)) {
          throw new P2mError('P2M_DAMAGED', `${column} of row ${i} is ${values[i]}, but there are ${limit} names`, {
            place: { field: column },
            remedy: 'the trace was not written by p2mtrace; write it again',
          });
        }
        values[i] = 0;
      }
    }
    if (table !== undefined) for (let i = 0; i < values.length; i++) values[i] = table[values[i]];
  }
}

interface Contents {
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

function readContents(file: RandomAccess): Contents {
  const { start, isStream } = traceStart(file);
  if (!isStream) {
    const footer = readFooter(file);
    if (footer instanceof P2mError) return walk(file, start, footer);
    try {
      return fromFooter(file, footer);
    } catch (error) {
      // What the footer leads to is damaged; message by message there may still be a whole prefix.
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
    // Another schema is no damage, and walking the messages would not find it.
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

function asDamage(error: P2mError, byte: number): Damage {
  return { code: error.code, what: error.message, byte: error.place.byte ?? byte };
}

/** Follows the footer's list of messages. */
function fromFooter(file: RandomAccess, footer: FooterInfo): Contents {
  // Some other writers give a schema in the footer only.
  const { header: head } = readMessage(file, HEAD);
  const headChecksummed = head.type === 'schema' && head.checksummed;
  if (headChecksummed !== footer.checksummed) throw damage('the head or the footer has lost its checksum', HEAD);
  const names = new Map<DictionaryName, string[]>();
  for (const block of footer.dictionaries) {
    const { header, body } = readMessage(file, block.offset, block);
    if (header.type !== 'dictionary') throw damage('the footer takes another message for a dictionary', block.offset);
    addNames(names, readNames(file, header, body, footer.checksummed));
  }
  const batches: BatchInfo[] = [];
  let problem: Damage | undefined;
  let seq = 0;
  for (const block of footer.batches) {
    try {
      const { header, body } = readMessage(file, block.offset, block);
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

/** Reads message after message, as far as they are whole: a stream, or a file that lost its footer. */
function walk(file: RandomAccess, start: number, why: P2mError | undefined): Contents {
  const head = readMessage(file, start);
  if (head.header.type !== 'schema') throw damage('the first message is no schema', start);
  const { metadata, checksummed } = head.header;
  const names = new Map<DictionaryName, string[]>();
  const batches: BatchInfo[] = [];
  let at = head.body;
  let seq = 0;
  let problem: Damage | undefined = why && asDamage(why, at);
  for (;;) {
    try {
      if (at === file.size) break;
      if (isEnd(file, at)) {
        // A stream ends here; whatever follows would silently be lost.
        if (why === undefined && at + 8 < file.size)
          throw damage(`${file.size - at - 8} bytes follow the end of the stream`, at + 8);
        break;
      }
      const { header, body } = readMessage(file, at);
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

/** True where the stream says that it ends. */
export function isEnd(file: RandomAccess, at: number): boolean {
  if (file.size - at < 8) return false;
  const prefix = new DataView(file.bytes(at, 8).buffer);
  return prefix.getUint32(0, true) === 0xffff_ffff && prefix.getUint32(4, true) === 0;
}

/** Reads and checks one message's metadata; the body is left alone. @throws P2mError P2M_CUT, P2M_DAMAGED */
export function readMessage(
  file: RandomAccess,
  at: number,
  expected?: MessageBlock,
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
    const header = decodeMessage(file.bytes(at, length + 8), file.size - body);
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

/** A delta adds to the names before it, anything else replaces them. */
export function addNames(all: Map<DictionaryName, string[]>, { name, isDelta, added }: NewDictionary): void {
  all.set(name, isDelta ? [...(all.get(name) ?? []), ...added] : added);
}

/** The damage of a trace in a sentence, for stderr. */
export function describeDamage(reader: TraceReader): string {
  if (reader.damage === undefined) return '';
  const place = describePlace({ file: reader.path, byte: reader.damage.byte });
  return `${reader.damage.code}: ${place}: ${reader.damage.what}; ${reader.rows} events before it are whole`;
}
