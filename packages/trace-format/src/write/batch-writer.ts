import { crc32 } from 'node:zlib';
import { bodyLayout, type ColumnRegion } from '../ipc/body-layout.js';
import { zeroCrc } from '../ipc/checksum.js';
import { completeMessage } from '../ipc/complete-message.js';
import type { EventBatch } from '../kernel/event-batch.js';
import { writeFully } from '../output/write-fully.js';
import { COLUMNS, type ColumnSpec, PRESENT } from '../schema/columns.js';
import type { BatchJob } from './batch-job.js';

interface Piece {
  /** Offset in the body. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Columns of a body: where they lie in the file and in the memory of the batch. */
interface Body {
  readonly rows: number;
  readonly rawBytes: number;
  readonly regions: readonly ColumnRegion[];
  /** By region. */
  readonly pieces: readonly (readonly Piece[])[];
}

/** Writes batches to the places reserved for them in a file. Order does not matter, so any thread can do it. */
export class BatchWriter {
  private offsets = new Int32Array(0);
  /** The last body of each batch: batches are reused, and most are full. */
  private readonly bodies = new Map<EventBatch, Body>();

  /**
   * Writes the batch and empties it. Columns that no row has are not written: they stay holes in the file.
   * The metadata comes last, so if it is there, the body is complete.
   */
  write(batch: EventBatch, job: BatchJob): void {
    const { rows, rawBytes, firstSeq, fd, at, message, bodyBytes } = job;
    // Threads share the memory, not the object.
    batch.rows = rows;
    batch.rawBytes = rawBytes;
    batch.fillBitmaps();
    batch.fillSeq(firstSeq);
    const body = this.bodyOf(batch);
    const { nulls, crcs } = summary(batch, body);
    const pieces: Piece[] = [];
    for (let i = 0; i < body.regions.length; i++) {
      if (isUsedIn(batch, body.regions[i])) pieces.push(...body.pieces[i]);
    }
    // The file must reach the end of the body.
    const last = pieces.at(-1);
    if (last === undefined || last.offset + last.bytes.length < bodyBytes) {
      pieces.push({ offset: bodyBytes - 1, bytes: ZERO });
    }
    const start = at + message.framed.length;
    for (const run of contiguousRuns(pieces)) writeFully(fd, run.buffers, start + run.offset);
    completeMessage(message, nulls, crcs);
    writeFully(fd, [message.framed], at);
    batch.clear();
  }

  private bodyOf(batch: EventBatch): Body {
    const { rows, rawBytes } = batch;
    let body = this.bodies.get(batch);
    if (body?.rows !== rows || body.rawBytes !== rawBytes) {
      const { regions } = bodyLayout(rows, rawBytes);
      body = { rows, rawBytes, regions, pieces: regions.map(region => this.piecesOf(batch, region)) };
      this.bodies.set(batch, body);
    }
    if ((batch.used & PRESENT.raw) !== 0) this.fillOffsets(batch);
    return body;
  }

  private piecesOf(batch: EventBatch, { name, validity, offsets, values }: ColumnRegion): Piece[] {
    const { type, nullable }: ColumnSpec = COLUMNS[name];
    const pieces: Piece[] = [];
    if (nullable) pieces.push({ offset: validity.offset, bytes: asBytes(batch.bitmap(name), validity.bytes) });
    if (offsets !== undefined) {
      if (this.offsets.length <= batch.capacity) this.offsets = new Int32Array(batch.capacity + 1);
      pieces.push({ offset: offsets.offset, bytes: asBytes(this.offsets, offsets.bytes) });
    }
    const array = type === 'bit' ? batch.bitmap(name) : batch.columns[name];
    pieces.push({ offset: values.offset, bytes: asBytes(array, values.bytes) });
    return pieces;
  }

  /** Where each row's raw payload starts, and where the last one ends. */
  private fillOffsets({ rows, rawLength }: EventBatch): void {
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      this.offsets[row] = sum;
      sum += rawLength[row];
    }
    this.offsets[rows] = sum;
  }
}

const asBytes = (array: ArrayBufferView, bytes: number) => new Uint8Array(array.buffer, array.byteOffset, bytes);

function isUsedIn({ used }: EventBatch, { name }: ColumnRegion): boolean {
  return !COLUMNS[name].nullable || (used & PRESENT[name]) !== 0;
}

/** What the metadata says about each region of a complete body. */
function summary(batch: EventBatch, { rows, regions, pieces }: Body) {
  const nulls: number[] = [];
  const crcs: number[] = [];
  for (let i = 0; i < regions.length; i++) {
    const region = regions[i];
    const isUsed = isUsedIn(batch, region);
    crcs.push(isUsed ? regionCrc(region, pieces[i]) : zeroCrc(region.bytes));
    nulls.push(!isUsed ? rows : COLUMNS[region.name].nullable ? rows - batch.count(region.name) : 0);
  }
  return { nulls, crcs };
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

/** Groups pieces that touch each other, so that one system call writes each group. */
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
