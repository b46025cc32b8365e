import { WIDTH } from '../kernel/event-batch.js';
import { COLUMN_NAMES, COLUMNS, type ColumnName, type ColumnSpec } from '../schema/columns.js';

/** Where one column lies in the body of a record batch; the regions follow each other without a gap. */
export interface ColumnRegion {
  readonly name: ColumnName;
  /** Start and length of the whole region, padding included: what the column's checksum covers. */
  readonly offset: number;
  readonly bytes: number;
  readonly validity: { readonly offset: number; readonly bytes: number };
  /** For `raw` only: rows + 1 int32 offsets. */
  readonly offsets?: { readonly offset: number; readonly bytes: number };
  readonly values: { readonly offset: number; readonly bytes: number };
}

/** Arrow recommends 64-byte alignment of buffers; every region keeps it. */
const ALIGN = 64;
export const padded = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN;

interface BodyLayout {
  readonly regions: readonly ColumnRegion[];
  readonly bytes: number;
}

/** The last layout that was asked for: most batches are as large as the one before. */
let last: { readonly rows: number; readonly rawBytes: number; readonly layout: BodyLayout } | undefined;

/**
 * The body of a batch of `rows` rows and `rawBytes` bytes of raw payload. It depends on these two numbers only, so
 * writer and reader agree without exchanging it.
 */
export function bodyLayout(rows: number, rawBytes: number): BodyLayout {
  if (last?.rows !== rows || last.rawBytes !== rawBytes) last = { rows, rawBytes, layout: makeLayout(rows, rawBytes) };
  return last.layout;
}

function makeLayout(rows: number, rawBytes: number): BodyLayout {
  const bitmapBytes = Math.ceil(rows / 8);
  let at = 0;
  const regions = COLUMN_NAMES.map((name): ColumnRegion => {
    const spec: ColumnSpec = COLUMNS[name];
    const start = at;
    const take = (bytes: number) => {
      const offset = at;
      at += padded(bytes);
      return { offset, bytes };
    };
    const validity = take(spec.nullable ? bitmapBytes : 0);
    if (spec.type === 'binary') {
      const offsets = take((rows + 1) * 4);
      const values = take(rawBytes);
      return { name, offset: start, bytes: at - start, validity, offsets, values };
    }
    const values = take(spec.type === 'bit' ? bitmapBytes : rows * WIDTH[spec.type]);
    return { name, offset: start, bytes: at - start, validity, values };
  });
  return { regions, bytes: at };
}
