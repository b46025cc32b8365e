import { crc32 } from 'node:zlib';
import { P2mError } from '../errors.js';
import { zeroCrc } from '../ipc/checksum.js';
import type { BatchHeader } from '../ipc/decode-message.js';
import { FIRST_SEQ_KEY, FIRST_TSC_KEY, LAST_TSC_KEY } from '../ipc/file-format.js';
import { type ColumnArrays, columnView } from '../kernel/event-batch.js';
import { COLUMNS, type ColumnName, type ColumnSpec, perColumn } from '../schema/columns.js';
import type { RandomAccess } from './file-access.js';

/** Where a batch lies, and what is known about it without reading it. */
export interface BatchInfo {
  readonly index: number;
  /** File offset of the body. */
  readonly body: number;
  readonly header: BatchHeader;
  readonly rows: number;
  readonly firstSeq: number;
  readonly firstTsc: bigint | undefined;
  readonly lastTsc: bigint | undefined;
}

/** What the batch's custom metadata says about it; nothing if another writer made it. */
export function batchInfo(header: BatchHeader, index: number, body: number, fallbackSeq: number): BatchInfo {
  const number = (key: string) => {
    const text = header.custom.get(key);
    return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined;
  };
  const firstSeq = number(FIRST_SEQ_KEY);
  return {
    index,
    body,
    header,
    rows: header.rows,
    firstSeq: firstSeq === undefined ? fallbackSeq : Number(firstSeq),
    firstTsc: number(FIRST_TSC_KEY),
    lastTsc: number(LAST_TSC_KEY),
  };
}

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

/** Memory that batches are read into, one after the other. */
export class BatchMemory {
  private buffer = new ArrayBuffer(0);
  take(bytes: number): ArrayBuffer {
    if (this.buffer.byteLength < bytes) this.buffer = allocate(bytes);
    return this.buffer;
  }
}

function allocate(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw new P2mError('P2M_TOO_LARGE', `a batch of ${bytes} bytes does not fit into memory`, {
      remedy: 'write the trace with smaller record batches',
      cause,
    });
  }
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
  const wanted = info.header.regions.filter(region => names.includes(region.name as C));
  const parts = wanted.map(region => {
    const crc = info.header.crcs?.[info.header.regions.indexOf(region)];
    return { region, crc };
  });
  const bytes = info.header.bodyBytes;
  const buffer = memory.take(bytes);
  const columns = perColumn<unknown>(() => undefined);
  const validity = perColumn<Uint8Array | undefined>(() => undefined);
  let rawOffsets = new Int32Array(0);
  for (const { region, crc } of parts) {
    const spec: ColumnSpec = COLUMNS[region.name];
    if (crc !== undefined) {
      const whole = new Uint8Array(buffer, region.offset, region.bytes);
      if (!holes && crc === zeroCrc(region.bytes)) {
        // A column that no row has is a hole in the file: no need to read it.
        whole.fill(0);
      } else {
        file.read(whole, info.body + region.offset);
        if (checksums && crc32(whole) !== crc) throw checksumError(info, region.name, info.body + region.offset);
      }
    } else {
      for (const part of [region.validity, region.offsets, region.values]) {
        if (part !== undefined) file.read(new Uint8Array(buffer, part.offset, part.bytes), info.body + part.offset);
      }
    }
    const { offset } = region.values;
    const values = columnView(spec.type, buffer, offset, region.values.bytes);
    columns[region.name] = values;
    if (spec.nullable) {
      const bitmap = new Uint8Array(buffer, region.validity.offset, region.validity.bytes);
      validity[region.name] = bitmap.length > 0 || info.rows === 0 ? bitmap : allValid(info.rows);
    }
    if (spec.dictionary !== undefined) translate(region.name, values as Uint8Array, validity[region.name]);
    if (region.offsets !== undefined) {
      rawOffsets = new Int32Array(buffer, region.offsets.offset, info.rows + 1);
      checkOffsets(rawOffsets, region.values.bytes, info);
    }
  }
  return {
    rows: info.rows,
    firstSeq: info.firstSeq,
    columns: columns as Pick<ColumnArrays, C>,
    validity: validity as Record<ColumnName, Uint8Array>,
    rawOffsets,
  };
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
