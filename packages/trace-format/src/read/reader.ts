import type { Compression } from '../compress/codec.js';
import { describePlace, P2mError } from '../errors.js';
import { METADATA_KEY } from '../ipc/decode-schema.js';
import {
  COLUMNS,
  type ColumnName,
  type ColumnSpec,
  DICTIONARIES,
  DICTIONARY_NAMES,
  type DictionaryName,
} from '../schema/columns.js';
import { KindCounts } from '../schema/kind-counts.js';
import { parseMetadata, type TraceMetadata } from '../schema/metadata.js';
import type { BatchInfo } from './batch-info.js';
import { BatchMemory } from './batch-memory.js';
import { RandomAccess } from './file-access.js';
import { isValid, type ReadBatch, readBatch, type TranslateIndices } from './read-batch.js';
import { asDamage, type Contents, type Damage, readContents } from './read-contents.js';

export interface ReaderOptions {
  /** Compare columns with their checksums when they are read; true by default. */
  readonly checksums?: boolean;
}

/**
 * A trace on disk. Opening it reads and checks all metadata but no column; columns are checked as they are read.
 * A trace that was cut or damaged opens as its intact prefix, and `damage` says so.
 */
export class TraceReader {
  readonly path: string;
  metadata: TraceMetadata;
  /** The record batches, in order of seq. */
  batches: readonly BatchInfo[];
  /** Names of the dictionary columns. */
  readonly names: Readonly<Record<DictionaryName, readonly string[]>>;
  /** Rows in all batches. */
  rows: number;
  /** True if every batch has checksums (all that p2mtrace writes do). */
  readonly checksummed: boolean;
  damage: Damage | undefined;
  private readonly file: RandomAccess;
  private readonly checksums: boolean;
  /** For a fixed dictionary that the file numbers differently: the file's number → ours. */
  private readonly translations = new Map<DictionaryName, Uint8Array>();

  private constructor(file: RandomAccess, contents: Contents, { checksums = true }: ReaderOptions) {
    this.file = file;
    this.checksums = checksums;
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
   *   P2M_METADATA, P2M_DAMAGED if not even the head can be read
   */
  static open(path: string, options: ReaderOptions = {}): TraceReader {
    const file = new RandomAccess(path);
    try {
      return new TraceReader(file, readContents(file), options);
    } catch (error) {
      file.close();
      throw error instanceof P2mError ? error.at({ file: path }) : error;
    }
  }

  /** What its batches are compressed with. */
  get compression(): Compression | undefined {
    return this.batches.find(({ header }) => header.compression !== undefined)?.header.compression;
  }

  /** Reads these columns of one batch into `memory`. @throws P2mError P2M_DAMAGED, P2M_SHORT */
  read<C extends ColumnName>(batch: BatchInfo, columns: readonly C[], memory = new BatchMemory()): ReadBatch<C> {
    try {
      return readBatch(this.file, batch, columns, memory, (...column) => this.translate(...column), {
        checksums: this.checksums,
      });
    } catch (error) {
      throw error instanceof P2mError ? error.at({ file: this.path, batch: batch.index }) : error;
    }
  }

  close(): void {
    this.file.close();
  }

  /**
   * A trace without its end lacks the counts stored there: they are taken from the columns. If the columns of a batch
   * turn out to be damaged, the prefix ends before it.
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
    this.metadata = { ...this.metadata, ...counts.summary(this.metadata) };
  }

  /** Names of a dictionary; a fixed one is checked against the schema first. */
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

/** The damage of a trace in one sentence, for stderr. */
export function describeDamage(reader: TraceReader): string {
  if (reader.damage === undefined) return '';
  const place = describePlace({ file: reader.path, byte: reader.damage.byte });
  return `${reader.damage.code}: ${place}: ${reader.damage.what}; ${reader.rows} events before it are whole`;
}
