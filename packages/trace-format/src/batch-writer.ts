import { crc32 } from 'node:zlib';
import type { BatchJob } from './batch-job.js';
import { COLUMNS, type ColumnSpec, PRESENT } from './columns.js';
import type { EventBatch } from './event-batch.js';
import { bodyLayout, type ColumnRegion } from './ipc/body-layout.js';
import { zeroCrc } from './ipc/checksum.js';
import { completeMessage } from './ipc/complete-message.js';
import { writeFully } from './output-file.js';

/** What is known of a batch when its body is complete. */
export interface FinishedBody {
  /** Columns that some row has (bits of PRESENT). */
  readonly used: number;
  readonly nulls: readonly number[];
  readonly crcs: readonly number[];
}

interface Piece {
  /** Offset in the body. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Puts batches into a file, each in the place that was kept for it: needs no order, so any thread can do it. */
export class BatchWriter {
  private offsets = new Int32Array(0);

  /** Completes what the file will have of the batch, in its memory: bitmaps, seqs, checksums. */
  finishBody(batch: EventBatch, { rows, rawBytes, firstSeq }: BatchJob): FinishedBody {
    // Threads share the memory, not the object.
    batch.rows = rows;
    batch.rawBytes = rawBytes;
    batch.fillBitmaps();
    batch.fillSeq(firstSeq);
    const { regions } = bodyLayout(rows, rawBytes);
    const crcs = regions.map(region =>
      isUsed(batch, region) ? regionCrc(region, this.piecesOf(batch, region)) : zeroCrc(region.bytes),
    );
    return { used: batch.used, nulls: nullCounts(batch, regions), crcs };
  }

  /**
   * Writes the batch and empties it. Columns that no row has are not written: they stay holes in the file.
   * The metadata comes last; where it is, the body is whole.
   */
  write(batch: EventBatch, job: BatchJob, body = this.finishBody(batch, job)): void {
    const { rows, rawBytes, fd, at, message, bodyBytes } = job;
    batch.rows = rows;
    batch.rawBytes = rawBytes;
    batch.used = body.used;
    const { regions } = bodyLayout(rows, rawBytes);
    const pieces = regions.flatMap(region => (isUsed(batch, region) ? this.piecesOf(batch, region) : []));
    // The file must reach the end of the body.
    const last = pieces.at(-1);
    if (last === undefined || last.offset + last.bytes.length < bodyBytes) {
      pieces.push({ offset: bodyBytes - 1, bytes: ZERO });
    }
    const start = at + message.framed.length;
    for (const run of contiguousRuns(pieces)) writeFully(fd, run.buffers, start + run.offset);
    completeMessage(message, body.nulls, body.crcs);
    writeFully(fd, [message.framed], at);
    batch.clear();
  }

  private piecesOf(batch: EventBatch, { name, validity, offsets, values }: ColumnRegion): Piece[] {
    const { type, nullable }: ColumnSpec = COLUMNS[name];
    const pieces: Piece[] = [];
    if (nullable) pieces.push({ offset: validity.offset, bytes: asBytes(batch.bitmap(name), validity.bytes) });
    if (offsets !== undefined) pieces.push({ offset: offsets.offset, bytes: this.rawOffsets(batch) });
    const array = type === 'bit' ? batch.bitmap(name) : batch.columns[name];
    pieces.push({ offset: values.offset, bytes: asBytes(array, values.bytes) });
    return pieces;
  }

  private rawOffsets({ rows, capacity, rawLength }: EventBatch): Uint8Array {
    if (this.offsets.length < rows + 1) this.offsets = new Int32Array(capacity + 1);
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      this.offsets[row] = sum;
      sum += rawLength[row];
    }
    this.offsets[rows] = sum;
    return asBytes(this.offsets, (rows + 1) * 4);
  }
}

const asBytes = (array: ArrayBufferView, bytes: number) => new Uint8Array(array.buffer, array.byteOffset, bytes);

function nullCounts(batch: EventBatch, regions: readonly ColumnRegion[]): number[] {
  return regions.map(region => {
    if (!isUsed(batch, region)) return batch.rows;
    return COLUMNS[region.name].nullable ? batch.rows - batch.count(region.name) : 0;
  });
}

function isUsed({ used }: EventBatch, { name }: ColumnRegion): boolean {
  return !COLUMNS[name].nullable || (used & PRESENT[name]) !== 0;
}

/** CRC of a region: its pieces, with zeros between them and up to its end. */
function regionCrc(region: ColumnRegion, pieces: readonly Piece[]): number {
  let crc = 0;
  let at = region.offset;
  for (const { offset, bytes } of pieces) {
    if (offset > at) crc = crc32(ZEROS.subarray(0, offset - at), crc);
    crc = crc32(bytes, crc);
    at = offset + bytes.length;
  }
  const end = region.offset + region.bytes;
  return end > at ? crc32(ZEROS.subarray(0, end - at), crc) : crc;
}
const ZEROS = new Uint8Array(64);
const ZERO = ZEROS.subarray(0, 1);

/** Pieces that touch each other, so that one system call writes them. */
function contiguousRuns(pieces: readonly Piece[]) {
  const runs: { offset: number; end: number; buffers: Uint8Array[] }[] = [];
  for (const { offset, bytes } of pieces) {
    const last = runs.at(-1);
    if (last !== undefined && last.end === offset) {
      last.buffers.push(bytes);
      last.end += bytes.length;
    } else {
      runs.push({ offset, end: offset + bytes.length, buffers: [bytes] });
    }
  }
  return runs;
}
