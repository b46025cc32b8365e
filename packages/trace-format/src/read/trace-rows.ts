import type { Compression } from '../compress/codec.js';
import type { ColumnName, DictionaryName } from '../schema/columns.js';
import type { TraceMetadata } from '../schema/metadata.js';
import type { BatchInfo } from './batch-info.js';
import type { BatchMemory } from './batch-memory.js';
import type { ReadBatch } from './read-batch.js';

/** Which rows a batch has. */
export type RowBatch = Pick<BatchInfo, 'index' | 'firstSeq' | 'rows' | 'firstTsc' | 'lastTsc'>;

/** The events of a trace: all of a file, as a TraceReader has them, or the last ones of a stream. */
export interface TraceRows {
  readonly path: string;
  readonly metadata: TraceMetadata;
  readonly names: Readonly<Record<DictionaryName, readonly string[]>>;
  /** In order of seq, without a gap. */
  readonly batches: readonly RowBatch[];
  /** Rows in all batches. */
  readonly rows: number;
  readonly compression: Compression | undefined;
  /** pcpus that there are rows of, where that is known. */
  readonly pcpus?: number | undefined;
  /** Symbols by caller, -1 for none, and those of rows without a caller, where that is known. */
  readonly sites?: { readonly symbolOf: Int32Array; readonly alone: ReadonlySet<number> } | undefined;
  /** @throws P2mError P2M_DAMAGED */
  read<C extends ColumnName>(batch: RowBatch, columns: readonly C[], memory?: BatchMemory): ReadBatch<C>;
}
