import { type SqlModule, type SqlOptions, standardLibrary, TraceSession } from '@p2mtrace/analyzers';
import { P2mError } from '@p2mtrace/trace-format/errors';
import { isP2mError } from '../exit.js';
import type { Dataset } from './dataset.js';
import { tableQuery } from './table-query.js';
import { DATASET_TABLES } from './tables.js';

/**
 * A session over what a dataset has at this moment: the tables of traces, but for `events` and `whatif`, those that a
 * judgement adds, and the standard library. Statements read the dataset and write nothing.
 * @throws P2mError P2M_SQL (usage), P2M_DATASET_SCHEMA, P2M_DATASET_DAMAGED
 */
export async function openDatasetSession(
  dataset: Dataset,
  modules: readonly SqlModule[],
  options: SqlOptions,
): Promise<TraceSession> {
  const entries = dataset.entries();
  const { path } = dataset.folder;
  const session = await TraceSession.open({ ...options, folders: [`${path}/facts`] });
  for (const table of DATASET_TABLES) {
    session.addLazy([table.name], () =>
      session.define(`create view ${table.name} as ${tableQuery(dataset.folder, table, entries)}`),
    );
  }
  for (const { definitions } of [...standardLibrary(), ...modules]) {
    for (const { name, sql } of definitions) session.addLazySql(name, sql);
  }
  return session;
}

const GONE = /No files found|No such file or directory|Could not (?:open|read)|Invalid Input Error: No magic bytes/i;
const NOT_HERE = /Table with name (events|whatif) does not exist/;

/** What DuckDB says in words that a dataset has. */
export function aboutDataset(dataset: Dataset, error: unknown): unknown {
  if (!isP2mError(error) || error.code !== 'P2M_SQL') return error;
  const { message } = error;
  const [, table] = NOT_HERE.exec(message) ?? [];
  if (table !== undefined) {
    return new P2mError('P2M_SQL', `a dataset has no table ${table}, which the query or a view of it asks for`, {
      blame: 'usage',
      remedy: 'p2mtrace sql TRACE "…" asks one trace; its path is in the table traces',
      cause: error,
    });
  }
  if (!GONE.test(message)) return error;
  return new P2mError(
    'P2M_DATASET_CHANGED',
    `a file went away or changed while it was read: ${message.split('\n')[0]}`,
    {
      place: { file: dataset.folder.name },
      remedy: 'ask again; if that does not help, p2mtrace dataset info says what is missing',
      cause: error,
    },
  );
}
