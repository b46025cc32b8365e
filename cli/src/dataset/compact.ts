import { combined } from './combine.js';
import type { Dataset } from './dataset.js';

/** What became of the files of a partition. */
export interface Compacted {
  readonly partition: string;
  readonly before: number;
  readonly after: number;
}

/**
 * Puts the files of each partition that has at least so many of them a table together, one partition after the other:
 * other writers wait no longer than for one of them.
 * @throws P2mError P2M_WRITE, P2M_DATASET (usage), P2M_DATASET_DAMAGED, P2M_DATASET_SCHEMA
 */
export async function compact(dataset: Dataset, least: number, onDone: (compacted: Compacted) => void): Promise<void> {
  const partitions = new Set(dataset.entries().map(({ partition }) => partition));
  for (const partition of partitions) {
    let before = 0;
    const staging = dataset.folder.staging();
    try {
      await dataset.change(async () => {
        const entries = dataset.entriesOf(partition);
        if (entries.length < Math.max(least, 2)) return undefined;
        const all = await combined(dataset, entries, new Set(), staging.path);
        if (all === undefined) return undefined;
        before = entries.length;
        return { parts: new Map([[partition, [all.entry]]]), added: all.files };
      });
    } finally {
      staging.remove();
    }
    if (before > 0) onDone({ partition, before, after: 1 });
  }
}
