import { quotedName, textLiteral } from '@p2mtrace/analyzers';
import type { PlacedEntry } from './dataset.js';
import { type DatasetFolder, tableFile } from './dataset-folder.js';
import { COMMON, type DatasetTable } from './own-tables.js';
import { columnsOf } from './tables.js';

/** Columns that the path has in their place: a question by night or host opens no other files. */
const FROM_PATH = 'hive_partitioning = true, hive_types = {night: DATE, host: VARCHAR}';

/**
 * A query for all rows of a table, by the names of columns: what the version that wrote a file did not have is null. Files
 * of one shape have the same columns, so that only the first of them is looked at for that.
 */
export function tableQuery(folder: DatasetFolder, table: DatasetTable, entries: readonly PlacedEntry[]): string {
  const some = withTable(entries, table.name);
  const groups = [...new Set(some.map(({ entry }) => entry.shape))].map(shape =>
    some.filter(({ entry }) => entry.shape === shape),
  );
  const reads = groups.map(group => `(from read_parquet(${urls(folder, table, group)}, ${FROM_PATH}))`);
  return [noRows(columnsOf(table)), ...reads].join(' union all by name ');
}

/** The rows of some entries without those of some traces, as a file has them: without what is in the path. */
export function storedRows(
  folder: DatasetFolder,
  table: DatasetTable,
  entries: readonly PlacedEntry[],
  without: readonly string[],
): string {
  const stored = [...table.columns, ...COMMON.filter(({ name }) => name !== 'night')];
  const files = urls(folder, table, withTable(entries, table.name));
  const others = without.length === 0 ? 'true' : `trace not in (${without.map(textLiteral).join(', ')})`;
  const read = `from read_parquet(${files}, union_by_name = true, hive_partitioning = false) where ${others}`;
  return `${noRows(stored)} union all by name (${read})`;
}

const withTable = (entries: readonly PlacedEntry[], table: string) =>
  entries.filter(({ entry }) => table in entry.tables);

const urls = (folder: DatasetFolder, { name }: DatasetTable, entries: readonly PlacedEntry[]): string =>
  `[${entries.map(({ partition, entry }) => textLiteral(folder.urlOf(tableFile(name, partition, entry.file)))).join(', ')}]`;

/** All columns, so that they are there whatever files have. */
function noRows(columns: DatasetTable['columns']): string {
  return `select ${columns.map(({ name, type }) => `null::${type} as ${quotedName(name)}`).join(', ')} where false`;
}
