import { Dataset } from '../dataset/dataset.js';
import { aboutDataset, openDatasetSession } from '../dataset/dataset-session.js';
import type { SqlSource } from './sql-session.js';

/** A dataset of judged traces. @throws P2mError P2M_DATASET (usage), P2M_DATASET_SCHEMA, P2M_DATASET_DAMAGED */
export function datasetSource(path: string): SqlSource {
  const dataset = Dataset.open(path, () => undefined);
  return {
    inputs: [],
    open: (modules, options) => openDatasetSession(dataset, modules, options),
    explained: error => aboutDataset(dataset, error),
    ended: () => undefined,
    close: async () => undefined,
  };
}
