import type { Dataset } from './dataset.js';

/**
 * Removes all nights before a date, such as 2026-11-29; returns those that are gone.
 * @throws P2mError P2M_WRITE, P2M_DATASET (usage), P2M_DATASET_DAMAGED, P2M_DATASET_SCHEMA
 */
export async function prune(dataset: Dataset, first: string): Promise<readonly string[]> {
  const gone = new Set<string>();
  await dataset.change(async () => {
    const old = dataset.entries().filter(({ night }) => night < first);
    for (const { night } of old) gone.add(night);
    return { parts: new Map(old.map(({ partition }) => [partition, []])), added: [] };
  });
  return [...gone];
}
