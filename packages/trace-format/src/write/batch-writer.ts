import { crc32 } from 'node:zlib';
import type { Compression } from '../compress/codec.js';
import { bodyLayout, type ColumnRegion } from '../ipc/body-layout.js';
import { zeroCrc } from '../ipc/checksum.js';
import { completeMessage, placeBuffers } from '../ipc/complete-message.js';
import type { EventBatch } from '../kernel/event-batch.js';
import { writeFully } from '../output/write-fully.js';
import { COLUMNS, type ColumnSpec, PRESENT } from '../schema/columns.js';
import type { BatchJob } from './batch-job.js';
import { CompressedBody } from './compressed-body.js';

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

/**
 * Writes batches to the places reserved for them in a file. Order does not matter, so any thread can do it. A compressed
 * batch has its place where the one before ends: then one BatchWriter writes all of them, in order.
 */
export class BatchWriter {
  private readonly compressed: CompressedBody | undefined;
  /** Where the last compressed batch ended. */
  private end = 0;
  private offsets = new Int32Array(0);
  /** The last body of each batch: batches are reused, and most are full. */
  private readonly bodies = new Map<EventBatch, Body>();

  /** @throws P2mError P2M_CODEC */
  constructor(compression?: Compression) {
    this.compressed = compression && new CompressedBody(compression);
  }

  /**
   * Writes the batch and empties it; returns the length of its body. Without compression, columns that no row has are not
   * written: they stay holes in the file. The metadata comes last, so if it is there, the body is complete.
   */
  write(batch: EventBatch, job: BatchJob): number {
    const { rows, rawBytes, firstSeq } = job;
    // Threads share the memory, not the object.
    batch.rows = rows;
    batch.rawBytes = rawBytes;
    batch.fillBitmaps();
    batch.fillSeq(firstSeq);
    const body = this.bodyOf(batch);
    const written = this.compressed ? this.writeCompressed(batch, body, job) : writePlain(batch, body, job);
    batch.clear();
    return written;
  }

  private writeCompressed(batch: EventBatch, { regions, pieces }: Body, { fd, at, message, lead }: BatchJob): number {
    const body = (this.compressed as CompressedBody).make(
      regions.map(({ name }, i) => {
        const isUsed = isUsedIn(batch, regions[i]);
        const buffers = pieces[i].map(({ bytes }) => bytes);
        return { isUsed, buffers: COLUMNS[name].nullable ? buffers : [EMPTY, ...buffers] };
      }),
    );
    if (this.end === 0) this.end = at;
    writeFully(fd, lead, this.end);
    for (const { length } of lead) this.end += length;
    const start = this.end + message.framed.length;
    writeFully(fd, body.bytes, start);
    placeBuffers(message, body.buffers, body.length);
    completeMessage(message, nullCounts(batch, regions), body.crcs);
    writeFully(fd, [message.framed], this.end);
    this.end = start + body.length;
    return body.length;
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

/** Writes a body whose layout is known to the place that it was given. */
function writePlain(batch: EventBatch, body: Body, { fd, at, message, bodyBytes }: BatchJob): number {
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
  const crcs = body.regions.map((region, i) =>
    isUsedIn(batch, region) ? regionCrc(region, body.pieces[i]) : zeroCrc(region.bytes),
  );
  for (const run of contiguousRuns(pieces)) writeFully(fd, run.buffers, start + run.offset);
  completeMessage(message, nullCounts(batch, body.regions), crcs);
  writeFully(fd, [message.framed], at);
  return bodyBytes;
}

/** Rows of each column that have no value. */
function nullCounts(batch: EventBatch, regions: readonly ColumnRegion[]): number[] {
  return regions.map(region => {
    if (!isUsedIn(batch, region)) return batch.rows;
    return COLUMNS[region.name].nullable ? batch.rows - batch.count(region.name) : 0;
  });
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
const EMPTY = new Uint8Array(0);
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
