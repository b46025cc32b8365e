import { statSync } from 'node:fs';
import { join } from 'node:path';
import { TraceSession } from '@p2mtrace/analyzers';
import type { Change, Dataset, PlacedEntry } from './dataset.js';
import { tableFile } from './dataset-folder.js';
import { hash } from './names.js';
import type { DatasetTable } from './own-tables.js';
import type { Entry } from './part.js';
import { storedRows } from './table-query.js';
import { DATASET_TABLES } from './tables.js';
import { writeSelect } from './write-rows.js';
import { SHAPE } from './write-trace.js';

/** How much memory DuckDB takes at most; then it sorts on the disk. */
const MEMORY = '1GB';

/** Several entries as one, and its files. */
export interface Combined {
  readonly entry: Entry;
  readonly files: Change['added'];
}

/**
 * Puts the rows of entries of one partition together, without those of some contents; undefined if none are left. Files are
 * made in `folder`.
 * @throws P2mError P2M_WRITE (usage), P2M_DATASET_DAMAGED
 */
export async function combined(
  dataset: Dataset,
  entries: readonly PlacedEntry[],
  without: ReadonlySet<string>,
  folder: string,
): Promise<Combined | undefined> {
  const all = entries.flatMap(({ entry }) => entry.traces);
  const traces = all.filter(({ content }) => !without.has(content));
  if (traces.length === 0) return undefined;
  const gone = all.filter(({ content }) => without.has(content)).map(({ trace }) => trace);
  const file = `combined-${hash(JSON.stringify(entries.map(({ entry }) => entry.file).concat(gone)), 12)}`;
  const shapes = new Set([SHAPE, ...entries.map(({ entry }) => entry.shape)]);
  const tables: Entry['tables'] = {};
  const files: { from: string; to: string }[] = [];
  const session = await TraceSession.open({ files: true, threads: 1, memoryLimit: MEMORY, tempDirectory: folder });
  try {
    for (const table of tablesOf(entries)) {
      const from = join(folder, `${file}-${table.name}.parquet`);
      const rows = await writeSelect(session, table, storedRows(dataset.folder, table, entries, gone), from);
      if (rows === 0) continue;
      tables[table.name] = { bytes: statSync(from).size, rows };
      files.push({ from, to: tableFile(table.name, entries[0].partition, file) });
    }
  } finally {
    await session.close();
  }
  const shape = shapes.size === 1 ? SHAPE : hash(JSON.stringify([...shapes].sort()), 8);
  return { entry: { file, shape, tables, traces }, files };
}

/** Also those that only another version knows. */
function tablesOf(entries: readonly PlacedEntry[]): DatasetTable[] {
  const names = new Set(entries.flatMap(({ entry }) => Object.keys(entry.tables)));
  return [...names].map(name => DATASET_TABLES.find(table => table.name === name) ?? { name, doc: '', columns: [] });
}
