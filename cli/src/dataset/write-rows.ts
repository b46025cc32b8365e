import { join } from 'node:path';
import { type TraceSession, textLiteral } from '@p2mtrace/analyzers';
import { P2mError } from '@p2mtrace/trace-format/errors';
import { removeOutput, writeOutput } from '@p2mtrace/trace-format/output';
import { isP2mError } from '../exit.js';
import type { DatasetTable, TableColumn } from './own-tables.js';
import { orderBy, PARQUET } from './tables.js';

/** One row, by column; what is missing is null. Numbers that a double can't hold are text of digits. */
export type Row = Readonly<Record<string, string | number | null>>;

/** Writes what a query selects, in the order of the table's key; returns the number of rows. @throws P2mError P2M_WRITE (usage) */
export async function writeSelect(
  session: TraceSession,
  table: DatasetTable,
  select: string,
  path: string,
): Promise<number> {
  return writing(path, async () => {
    // Not by `run`, which looks for names of tables in the text.
    await session.define(`copy (from (${select}) ${orderBy(table)}) to ${textLiteral(path)} (${PARQUET})`);
    const counted = await session.runAll(`select num_rows from parquet_file_metadata(${textLiteral(path)})`);
    return Number(counted.rows[0][0]);
  });
}

/** Rows as a query that reads them, from a file in `folder`, with these columns. @throws P2mError P2M_WRITE (usage) */
export async function withRows(
  rows: readonly Row[],
  columns: readonly TableColumn[],
  folder: string,
  work: (select: string) => Promise<void>,
): Promise<void> {
  const path = join(folder, 'rows.ndjson');
  writeOutput(path, rows.map(row => `${JSON.stringify(row)}\n`).join(''), { durable: false });
  const types = columns.map(({ name, type }) => `${textLiteral(name)}: '${type}'`).join(', ');
  try {
    await work(
      `from read_json(${textLiteral(path)}, format = 'newline_delimited', maximum_object_size = 1000000000, columns = {${types}})`,
    );
  } finally {
    removeOutput(path);
  }
}

const TROUBLE = /^IO Error|^FATAL Error|Could not (?:write|read|open|sync)|Cannot open file|No space/;

/** @throws P2mError P2M_WRITE (usage) for what DuckDB says of its file */
async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isP2mError(error) || error.code !== 'P2M_SQL' || !TROUBLE.test(error.message)) throw error;
    throw new P2mError('P2M_WRITE', `it can't be written: ${error.message.split('\n')[0].split(': ').at(-1)}`, {
      blame: 'usage',
      place: { file: path },
      remedy: 'make room on the disk, or name a dataset on another one',
      cause: error,
    });
  }
}
