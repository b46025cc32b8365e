import { crc32 } from 'node:zlib';
import { P2mError } from '../errors.js';
import type { ColumnRegion } from '../ipc/body-layout.js';
import { zeroCrc } from '../ipc/checksum.js';
import { type ColumnArrays, columnView } from '../kernel/event-batch.js';
import { COLUMNS, type ColumnName, type ColumnSpec, perColumn, typeOnDisk } from '../schema/columns.js';
import type { BatchInfo } from './batch-info.js';
import type { BatchMemory } from './batch-memory.js';
import type { RandomAccess } from './file-access.js';
import { CompressedBatch } from './read-compressed.js';

/** Columns of one record batch: values by name, and which rows have one. */
export interface ReadBatch<C extends ColumnName> {
  readonly rows: number;
  /** seq of the first row; the others follow without a gap. */
  readonly firstSeq: number;
  /** Values; `tsc_own` is bit-packed, `raw` has its bytes end to end. u64 columns are (low, high) pairs. */
  readonly columns: Pick<ColumnArrays, C>;
  /** Arrow validity bitmaps of the nullable columns asked for: one bit per row, 1 for present. */
  readonly validity: Readonly<Record<C, Uint8Array>>;
  /** Where each row's payload lies in `raw`; empty unless `raw` was asked for. */
  readonly rawOffsets: Int32Array;
}

/** True if the row has a value in the column with this validity bitmap. */
export function isValid(bitmap: Uint8Array, row: number): boolean {
  return ((bitmap[row >>> 3] >>> (row & 7)) & 1) !== 0;
}

/** Checks the indices of a dictionary column and renumbers them as ours; `validity` is absent if no row is null. */
export type TranslateIndices = (
  name: ColumnName,
  values: Uint8Array | Uint16Array | Uint32Array,
  validity: Uint8Array | undefined,
) => void;

export interface ReadOptions {
  /** Compare the columns with their checksums; true by default. */
  readonly checksums?: boolean;
  /** Read every byte of the file, even of all-null columns; false by default. */
  readonly holes?: boolean;
}

/**
 * Reads these columns of a batch and checks their checksums. The result lies in `memory` until that is used again.
 * An all-null column is recognized by its checksum and not read.
 * @throws P2mError P2M_DAMAGED with the batch and byte
 */
export function readBatch<C extends ColumnName>(
  file: RandomAccess,
  info: BatchInfo,
  names: readonly C[],
  memory: BatchMemory,
  translate: TranslateIndices,
  { checksums = true, holes = false }: ReadOptions = {},
): ReadBatch<C> {
  const { header } = info;
  const column =
    header.compression === undefined
      ? plainColumns(file, info, memory, checksums, holes)
      : compressedColumns(file, info, memory, checksums, holes);
  const columns = perColumn<unknown>(() => undefined);
  const validity = perColumn<Uint8Array | undefined>(() => undefined);
  let rawOffsets = new Int32Array(0);
  header.regions.forEach(({ name }, index) => {
    if (!names.includes(name as C)) return;
    const spec: ColumnSpec = COLUMNS[name];
    const { buffer, region } = column(index);
    const type = typeOnDisk(name, header.version);
    const stored = columnView(type, buffer, region.values.offset, region.values.bytes);
    const values = type === spec.type ? stored : Uint32Array.from(stored as Uint16Array);
    columns[name] = values;
    if (spec.nullable) {
      const bitmap = new Uint8Array(buffer, region.validity.offset, region.validity.bytes);
      validity[name] = bitmap.length > 0 || info.rows === 0 ? bitmap : allValid(info.rows);
    }
    if (spec.dictionary !== undefined) translate(name, values as Uint8Array, validity[name]);
    if (region.offsets !== undefined) {
      rawOffsets = new Int32Array(buffer, region.offsets.offset, info.rows + 1);
      checkOffsets(rawOffsets, region.values.bytes, info);
    }
  });
  return {
    rows: info.rows,
    firstSeq: info.firstSeq,
    columns: columns as Pick<ColumnArrays, C>,
    validity: validity as Record<ColumnName, Uint8Array>,
    rawOffsets,
  };
}

/** Reads a column of a batch, by its number, and returns where it lies in which memory. */
type ReadColumn = (index: number) => { readonly buffer: ArrayBuffer; readonly region: ColumnRegion };

function plainColumns(
  file: RandomAccess,
  info: BatchInfo,
  memory: BatchMemory,
  checksums: boolean,
  holes: boolean,
): ReadColumn {
  const buffer = memory.take(info.header.bodyBytes);
  return index => {
    const region = info.header.regions[index];
    const crc = info.header.crcs?.[index];
    if (crc === undefined) {
      for (const part of [region.validity, region.offsets, region.values]) {
        if (part !== undefined) file.read(new Uint8Array(buffer, part.offset, part.bytes), info.body + part.offset);
      }
      return { buffer, region };
    }
    const whole = new Uint8Array(buffer, region.offset, region.bytes);
    if (!holes && crc === zeroCrc(region.bytes)) {
      // A column that no row has is a hole in the file: no need to read it.
      whole.fill(0);
    } else {
      file.read(whole, info.body + region.offset);
      if (checksums && crc32(whole) !== crc) throw checksumError(info, region.name, info.body + region.offset);
    }
    return { buffer, region };
  };
}

function compressedColumns(
  file: RandomAccess,
  info: BatchInfo,
  memory: BatchMemory,
  checksums: boolean,
  holes: boolean,
): ReadColumn {
  const batch = new CompressedBatch(file, info, memory);
  const { absent, crcs } = info.header;
  return index =>
    !holes && absent[index] ? batch.absent(index) : batch.read(index, checksums ? crcs?.[index] : undefined);
}

function allValid(rows: number): Uint8Array {
  return new Uint8Array(Math.ceil(rows / 8)).fill(0xff);
}

function checkOffsets(offsets: Int32Array, bytes: number, info: BatchInfo): void {
  let before = 0;
  for (const offset of offsets) {
    if (offset < before || offset > bytes) {
      throw new P2mError('P2M_DAMAGED', 'the offsets of column raw run backwards or out of it', {
        place: { batch: info.index, byte: info.body, field: 'raw' },
        remedy: 'copy the trace again, or import the capture again',
      });
    }
    before = offset;
  }
}

function checksumError(info: BatchInfo, column: string, byte: number): P2mError {
  return new P2mError('P2M_DAMAGED', `the checksum of column ${column} does not match`, {
    place: { batch: info.index, byte, field: column },
    remedy: 'copy the trace again, or import the capture again',
  });
}
