import { extname } from 'node:path';
import type { QueryResult, SqlParameters, TraceSession } from '@p2mtrace/analyzers';
import { usageError } from '@p2mtrace/trace-format';
import type { Context } from '../command.js';
import type { MadeFile } from '../output/made-file.js';
import { withOutput } from '../output/open-output.js';
import { withText } from '../output/text-output.js';
import { withBars } from '../render/bar-chart.js';
import type { Column } from '../render/columns.js';
import { type RowFormat, type TextOut, writeRows } from '../render/rows.js';
import type { ResultFormat } from './formats.js';

const BY_EXTENSION: Readonly<Record<string, ResultFormat>> = {
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.csv': 'csv',
  '.md': 'md',
  '.arrow': 'arrow',
  '.parquet': 'parquet',
};
/** No empty line is between results of these. */
const IS_JSON: ReadonlySet<string> = new Set(['json', 'ndjson', 'lists']);
/** SQL types whose values are right-aligned in a table. */
const NUMBERS = /INT|DOUBLE|FLOAT|DECIMAL/;

/** DuckDB itself writes this form, and needs a path for it. */
export const isMadeByDuckdb = (format: ResultFormat): boolean => format === 'parquet';

export const isFileFormat = (format: ResultFormat): format is 'arrow' | 'parquet' =>
  format === 'arrow' || format === 'parquet';

/** The format given, or else that of the file's name, or else table on a terminal and csv elsewhere. */
export function resultFormat(
  asked: ResultFormat | undefined,
  output: string | undefined,
  isTty: boolean,
): ResultFormat {
  const byName = output === undefined ? undefined : BY_EXTENSION[extname(output)];
  const format = asked ?? byName ?? (isTty && output === undefined ? 'table' : 'csv');
  if (isFileFormat(format) && output === undefined) {
    throw usageError('P2M_FORMAT', `${format} is written to a file`, `name it: -o result.${format}`);
  }
  return format;
}

export interface Query {
  readonly session: TraceSession;
  readonly text: string;
  readonly parameters: SqlParameters;
  readonly format: ResultFormat;
  readonly output: string | undefined;
  /** The output, if DuckDB writes it. */
  readonly file: MadeFile | undefined;
}

/** Runs a query and writes its results; a file gets its name when it is complete. */
export async function writeResult(query: Query, context: Context): Promise<void> {
  const { session, text, parameters, output, format, file } = query;
  if (file !== undefined && isMadeByDuckdb(format))
    await file.write(path => session.writeParquet(text.trim().replace(/;$/, ''), path, parameters));
  else if (output !== undefined && format === 'arrow') await writeArrow(query, output, context);
  else
    await withText(output, context, text => writeText(query, format as RowFormat | 'chart', context.out.columns, text));
}

async function writeText(
  { session, text, parameters }: Query,
  format: RowFormat | 'chart',
  width: number,
  out: TextOut,
): Promise<void> {
  let first = true;
  for await (const result of session.run(text, parameters)) {
    if (!first && !IS_JSON.has(format)) await out.write('\n');
    first = false;
    const columns = result.columns.map(({ name, type }) => ({ name, right: NUMBERS.test(type) }));
    if (format === 'chart') await writeChart(out, columns, result, width);
    else await writeRows(out, format, columns, rowsOf(result));
    // Slow results are shown as they come.
    await out.flush();
  }
}

async function writeChart(out: TextOut, columns: readonly Column[], result: QueryResult, width: number): Promise<void> {
  const bars = await withBars(columns, rowsOf(result), width);
  await writeRows(out, 'table', bars.columns, bars.rows);
  if (bars.more > 0) await out.write(`… and ${bars.more} more rows\n`);
}

async function* rowsOf(result: QueryResult): AsyncGenerator<readonly unknown[]> {
  for await (const batch of result.batches()) yield* batch;
}

async function writeArrow({ session, text, parameters }: Query, output: string, context: Context): Promise<void> {
  const { arrowFile } = await import('./arrow-file.js');
  await withOutput(output, context, async bytes => {
    for await (const result of session.run(text, parameters)) {
      for await (const piece of await arrowFile(result)) await bytes.append(piece);
    }
  });
}
