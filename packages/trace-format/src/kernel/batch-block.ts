import { COLUMNS, type ColumnSpec, type ColumnType, perColumn, RAW_MAX } from '../schema/columns.js';
import { type ColumnArrays, columnView, EventBatch, WIDTH } from './event-batch.js';
import { Kernel } from './kernel.js';

/**
 * Room for `bytes`, a cache line apart from what follows: arrays whose starts are a power of two apart share their
 * cache sets, and a row touches them all.
 */
const spaced = (bytes: number): number => Math.ceil(bytes / 64) * 64 + 64;

/** One for each bit of a presence mask. */
const BITMAPS = 32;

/** Bytes of `rows` values of a column, while it is being filled. */
function valueBytes(type: ColumnType, rows: number): number {
  if (type === 'binary') return rows * RAW_MAX;
  if (type === 'bit') return 0;
  return rows * WIDTH[type];
}

/** Array elements of a value. */
const elements = ({ type }: ColumnSpec): number => (type === 'u64' ? 2 : type === 'binary' ? RAW_MAX : 1);

/** Where the parts of that many batches of that capacity start in their memory. */
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
 * Batches that are filled again and again, one after the other. A column of all of them is one array: a decoder
 * writes to the same arrays all the time, whichever batch a row belongs to. All is one piece of the memory of a
 * kernel, which threads can share.
 */
export class BatchBlock {
  readonly kernel: Kernel;
  readonly columns: ColumnArrays;
  /** Which columns each row has (bits of PRESENT). */
  readonly present: Uint32Array;
  readonly batches: readonly EventBatch[];

  /** Where it starts in the memory of the kernel. */
  readonly start: number;

  /** `start`: of a block with as many batches, which another thread has made in the memory of the kernel. */
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
