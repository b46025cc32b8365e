import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  COLUMN_NAMES,
  COLUMNS,
  type ColumnName,
  type ColumnSpec,
  DICTIONARIES,
  type DictionaryName,
  defaultMetadata,
  PRESENT,
  setU64,
  TraceReader,
  TraceWriter,
} from '@p2mtrace/trace-format';

export type Row = Record<ColumnName, bigint | number | boolean | string | Uint8Array | null>;

/** More than 255 names, so that the column of one dictionary needs two bytes in SQL. */
export const SYMBOLS = Array.from({ length: 300 }, (_, i) => `symbol_${i}`);
/** What the dictionaries that grow have got besides their first names. */
const ADDED: Partial<Record<DictionaryName, readonly string[]>> = {
  view: ['altp2m:1', 'altp2m:2'],
  symbol: SYMBOLS,
  lock: ['0xffff83203e1f0090', '0xffff83203e1f1090'],
  caller: Array.from({ length: 300 }, (_, i) => `0xffff82d0402${(0x4000 + i).toString(16)}`),
};

/** The column that no event has. */
export const ABSENT = 'count_info';

/** Names behind a dictionary column, as the trace of `writeTrace` has them. */
function namesOf({ dictionary }: ColumnSpec): readonly string[] | undefined {
  return dictionary && [...DICTIONARIES[dictionary].names, ...(ADDED[dictionary] ?? [])];
}

/** What row `i` holds in a column: deterministic, with nulls at another period in each column. */
function valueAt(column: ColumnName, i: number): Row[ColumnName] {
  const spec: ColumnSpec = COLUMNS[column];
  const index = COLUMN_NAMES.indexOf(column);
  if (column === 'seq') return BigInt(i);
  if (column === ABSENT || (spec.nullable && (i * 7 + index) % (index + 2) === 0)) return null;
  const names = namesOf(spec);
  if (names !== undefined) return names[(i * 13 + index) % names.length];
  switch (spec.type) {
    case 'bit':
      return i % 3 === 0;
    case 'u64':
      return i % 5 === 0 ? 0x8000_0000_0000_0001n + BigInt(i) : BigInt(i) * 0x1_0000_0001n;
    case 'i32':
      return 50 - (i % 100);
    case 'u32':
      return 0xffff_ffff - i;
    case 'binary':
      return Buffer.from(Array.from({ length: (i * 3) % 29 }, (_, k) => i + k));
    default:
      return (i * 31) % (spec.type === 'u8' ? 256 : 65_536);
  }
}

/** The rows that `writeTrace` writes. */
export function traceRows(rows: number): Row[] {
  return Array.from(
    { length: rows },
    (_, i) => Object.fromEntries(COLUMN_NAMES.map(column => [column, valueAt(column, i)])) as Row,
  );
}

const folders: string[] = [];

/** Removes what `writeTrace` wrote. */
export function removeTraces(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}

/** Writes the rows into a trace with batches of `capacity` rows, and opens it. */
export function writeTrace(rows: readonly Row[], capacity: number): TraceReader {
  const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-sql-'));
  folders.push(folder);
  const path = join(folder, 'small.arrow');
  const writer = new TraceWriter(path, defaultMetadata('test'), capacity);
  for (let start = 0; start < rows.length; start += capacity) {
    const batch = writer.acquire();
    rows.slice(start, start + capacity).forEach((row, at) => {
      for (const column of COLUMN_NAMES) {
        const value = row[column];
        if (value === null || value === false) continue;
        batch.present[at] |= PRESENT[column] ?? 0;
        if (value instanceof Uint8Array) batch.addRaw(at, value);
        else if (typeof value === 'bigint') setU64(batch.columns[column] as Uint32Array, at, value);
        else if (typeof value === 'string') batch.columns[column][at] = namesOf(COLUMNS[column])!.indexOf(value);
        else if (typeof value === 'number') batch.columns[column][at] = value;
      }
      batch.rows++;
    });
    writer.submit(batch, start === 0 ? ADDED : {});
  }
  writer.finish(defaultMetadata('test'));
  return TraceReader.open(path);
}
