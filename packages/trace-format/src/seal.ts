import { crc32 } from 'node:zlib';
import { COLUMNS, type ColumnSpec, PRESENT } from './columns.js';
import type { EventBatch } from './event-batch.js';
import { bodyLayout, type ColumnRegion } from './ipc/body-layout.js';
import { zeroCrc } from './ipc/checksum.js';
import { encodeBatchMessage } from './ipc/encode-message.js';
import { getU64 } from './u64.js';
import { countBits, presentAnywhere } from './validity.js';

/** A batch in Arrow form: its framed metadata and the parts of its body that aren't zero. */
export interface SealedBatch {
  readonly metadata: Uint8Array;
  readonly bodyBytes: number;
  /** Pieces of the body by offset; everything between them is zero. */
  readonly pieces: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  /** Columns that some row has (bits of PRESENT). */
  readonly used: number;
}

/** What a batch says about itself in its custom metadata, so that a seek needs no column. */
export const FIRST_SEQ_KEY = 'p2mtrace.first_seq';
export const FIRST_TSC_KEY = 'p2mtrace.first_tsc';
export const LAST_TSC_KEY = 'p2mtrace.last_tsc';

const asBytes = (array: ArrayBufferView, bytes: number) => new Uint8Array(array.buffer, array.byteOffset, bytes);

export class Sealer {
  private offsets = new Int32Array(0);

  /** Turns a filled batch (bitmaps included) into an Arrow record batch whose first row has the given seq. */
  seal(batch: EventBatch, firstSeq: number): SealedBatch {
    const { rows, columns } = batch;
    const { regions, bytes: bodyBytes } = bodyLayout(rows, batch.rawBytes);
    this.fillSeq(columns.seq, rows, firstSeq);
    const any = presentAnywhere(batch.present, rows);

    const pieces: { offset: number; bytes: Uint8Array }[] = [];
    const nulls: number[] = [];
    const crcs: number[] = [];
    for (const region of regions) {
      const spec: ColumnSpec = COLUMNS[region.name];
      const bit = PRESENT[region.name];
      if (spec.nullable && (any & bit) === 0) {
        nulls.push(rows);
        crcs.push(zeroCrc(region.bytes));
        continue;
      }
      const parts = this.columnParts(batch, region, spec);
      nulls.push(spec.nullable ? rows - countBits(parts[0].bytes, rows) : 0);
      crcs.push(regionCrc(region, parts));
      pieces.push(...parts);
    }
    const extra: [string, string][] = [[FIRST_SEQ_KEY, String(firstSeq)]];
    const range = tscRange(batch);
    if (range !== undefined) {
      extra.push([FIRST_TSC_KEY, String(range.first)], [LAST_TSC_KEY, String(range.last)]);
    }
    return { metadata: encodeBatchMessage(rows, regions, nulls, crcs, bodyBytes, extra), bodyBytes, pieces, used: any };
  }

  private columnParts(batch: EventBatch, region: ColumnRegion, spec: ColumnSpec) {
    const bitmap = batch.bitmaps[bitIndex(PRESENT[region.name])];
    const parts: { offset: number; bytes: Uint8Array }[] = [];
    if (spec.nullable) parts.push({ offset: region.validity.offset, bytes: asBytes(bitmap, region.validity.bytes) });
    if (region.offsets !== undefined) {
      parts.push({ offset: region.offsets.offset, bytes: this.rawOffsets(batch) });
    }
    const values = spec.type === 'bit' ? bitmap : batch.columns[region.name];
    parts.push({ offset: region.values.offset, bytes: asBytes(values, region.values.bytes) });
    return parts;
  }

  private fillSeq(seq: Uint32Array, rows: number, firstSeq: number): void {
    for (let row = 0; row < rows; row++) {
      const value = firstSeq + row;
      seq[2 * row] = value;
      seq[2 * row + 1] = value / 0x1_0000_0000;
    }
  }

  private rawOffsets(batch: EventBatch): Uint8Array {
    if (this.offsets.length < batch.rows + 1) this.offsets = new Int32Array(batch.capacity + 1);
    let sum = 0;
    for (let row = 0; row < batch.rows; row++) {
      this.offsets[row] = sum;
      sum += batch.rawLength[row];
    }
    this.offsets[batch.rows] = sum;
    return asBytes(this.offsets, (batch.rows + 1) * 4);
  }
}

const bitIndex = (bit: number) => 31 - Math.clz32(bit);

/** CRC of a region: its parts, with zeros between them and up to its end. */
function regionCrc(region: ColumnRegion, parts: readonly { offset: number; bytes: Uint8Array }[]): number {
  let crc = 0;
  let at = region.offset;
  for (const { offset, bytes } of parts) {
    crc = crc32(ZEROS.subarray(0, offset - at), crc);
    crc = crc32(bytes, crc);
    at = offset + bytes.length;
  }
  return crc32(ZEROS.subarray(0, region.offset + region.bytes - at), crc);
}
const ZEROS = new Uint8Array(64);

/** First and last TSC that rows of the batch have, in row order. */
function tscRange(batch: EventBatch): { first: bigint; last: bigint } | undefined {
  let first = 0;
  while (first < batch.rows && (batch.present[first] & PRESENT.tsc) === 0) first++;
  if (first === batch.rows) return undefined;
  let last = batch.rows - 1;
  while ((batch.present[last] & PRESENT.tsc) === 0) last--;
  return { first: getU64(batch.columns.tsc, first), last: getU64(batch.columns.tsc, last) };
}
