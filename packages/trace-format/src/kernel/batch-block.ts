import { COLUMNS, type ColumnSpec, type ColumnType, perColumn, RAW_MAX } from '../schema/columns.js';
import { type ColumnArrays, columnView, EventBatch, WIDTH } from './event-batch.js';
import { Kernel } from './kernel.js';

/**
 * Room for `bytes`, plus a cache line: arrays that start a power of two apart compete for the same cache sets, and
 * each row touches them all.
 */
const spaced = (bytes: number): number => Math.ceil(bytes / 64) * 64 + 64;

/** One for each bit of a presence mask. */
const BITMAPS = 32;

/** Bytes that `rows` values of a column take while the batch is being filled. */
function valueBytes(type: ColumnType, rows: number): number {
  if (type === 'binary') return rows * RAW_MAX;
  if (type === 'bit') return 0;
  return rows * WIDTH[type];
}

/** Array elements per value. */
const elements = ({ type }: ColumnSpec): number => (type === 'u64' ? 2 : type === 'binary' ? RAW_MAX : 1);

/** Where the parts of `count` batches of this capacity start in their memory. */
function layout(capacity: number, count: number) {
  let bytes = 0;
  const take = (size: number) => {
    const at = bytes;
    bytes += spaced(size);
    return at;
  };
  const rows = capacity * count;
  const columns = perColumn(name => take(valueBytes(COLUMNS[name].type, rows)));
  const present = take(rows * 4);
  const rawLength = take(rows);
  const bitmapStride = spaced(Math.ceil(capacity / 8));
  const bitmaps = take(count * BITMAPS * bitmapStride);
  return { columns, present, rawLength, bitmapStride, bitmaps, bytes };
}

/**
 * Batches that are filled again and again, in turn. Each column is one array for all of them, so a decoder always
 * writes to the same arrays, whichever batch a row belongs to. They lie in one part of a kernel's memory, which
 * threads can share.
 */
export class BatchBlock {
  readonly kernel: Kernel;
  readonly columns: ColumnArrays;
  /** Which columns each row has (bits of PRESENT). */
  readonly present: Uint32Array;
  readonly batches: readonly EventBatch[];

  /** Where the block starts in the memory of the kernel. */
  readonly start: number;

  /** `start`: of a block of the same size that another thread has made in the memory of the kernel. */
  constructor(capacity: number, count: number, kernel = new Kernel(), start?: number) {
    const at = layout(capacity, count);
    this.kernel = kernel;
    this.start = start ?? kernel.take(at.bytes).byteOffset;
    const { buffer } = kernel;
    const rows = capacity * count;
    this.columns = perColumn(name => {
      const { type }: ColumnSpec = COLUMNS[name];
      return columnView(type, buffer, this.start + at.columns[name], valueBytes(type, rows));
    }) as ColumnArrays;
    this.present = new Uint32Array(buffer, this.start + at.present, rows);
    const rawLength = new Uint8Array(buffer, this.start + at.rawLength, rows);
    const bitmapBytes = BITMAPS * at.bitmapStride;
    this.batches = Array.from({ length: count }, (_, index) => {
      const [from, to] = [index * capacity, (index + 1) * capacity];
      const parts = {
        columns: perColumn(name => {
          const width = elements(COLUMNS[name]);
          return this.columns[name].subarray(from * width, to * width);
        }) as ColumnArrays,
        present: this.present.subarray(from, to),
        rawLength: rawLength.subarray(from, to),
        bitmapMemory: new Uint8Array(buffer, this.start + at.bitmaps + index * bitmapBytes, bitmapBytes),
        bitmapStride: at.bitmapStride,
        functions: kernel.functions,
      };
      return new EventBatch(parts, from);
    });
  }
}
