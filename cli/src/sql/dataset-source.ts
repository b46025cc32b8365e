import { TRACE_TABLES } from '@p2mtrace/analyzers';
import { Dataset } from '../dataset/dataset.js';
import { aboutDataset, openDatasetSession } from '../dataset/dataset-session.js';
import { columnsOf, DATASET_TABLES } from '../dataset/tables.js';
import type { SqlSource } from './sql-session.js';

/** A dataset of judged traces. @throws P2mError P2M_DATASET (usage), P2M_DATASET_SCHEMA, P2M_DATASET_DAMAGED */
export function datasetSource(path: string): SqlSource {
  const dataset = Dataset.open(path, () => undefined);
  return {
    tables: DATASET_TABLES.map(table => ({
      name: table.name,
      from: 'dataset',
      doc: table.doc || (TRACE_TABLES.find(({ name }) => name === table.name)?.doc ?? ''),
      columns: columnsOf(table).map(({ name }) => name),
    })),
    inputs: [],
    open: (modules, options) => openDatasetSession(dataset, modules, options),
    explained: error => aboutDataset(dataset, error),
    ended: () => undefined,
    close: async () => undefined,
  };
}
