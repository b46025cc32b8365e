import { WIDTH } from '../kernel/event-batch.js';
import {
  COLUMN_NAMES,
  COLUMNS,
  type ColumnName,
  SCHEMA_VERSION,
  type SchemaVersion,
  typeOnDisk,
} from '../schema/columns.js';

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
let last: { rows: number; rawBytes: number; version: SchemaVersion; layout: BodyLayout } | undefined;

/**
 * The body of a batch of `rows` rows and `rawBytes` bytes of raw payload. It depends on these numbers and the
 * version only, so writer and reader agree without exchanging it.
 */
export function bodyLayout(rows: number, rawBytes: number, version: SchemaVersion = SCHEMA_VERSION): BodyLayout {
  if (last?.rows !== rows || last.rawBytes !== rawBytes || last.version !== version) {
    last = { rows, rawBytes, version, layout: makeLayout(rows, rawBytes, version) };
  }
  return last.layout;
}

function makeLayout(rows: number, rawBytes: number, version: SchemaVersion): BodyLayout {
  const bitmapBytes = Math.ceil(rows / 8);
  let at = 0;
  const regions = COLUMN_NAMES.map((name): ColumnRegion => {
    const type = typeOnDisk(name, version);
    const start = at;
    const take = (bytes: number) => {
      const offset = at;
      at += padded(bytes);
      return { offset, bytes };
    };
    const validity = take(COLUMNS[name].nullable ? bitmapBytes : 0);
    if (type === 'binary') {
      const offsets = take((rows + 1) * 4);
      const values = take(rawBytes);
      return { name, offset: start, bytes: at - start, validity, offsets, values };
    }
    const values = take(type === 'bit' ? bitmapBytes : rows * WIDTH[type]);
    return { name, offset: start, bytes: at - start, validity, values };
  });
  return { regions, bytes: at };
}
