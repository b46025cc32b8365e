import { DatasetFolder, tableFile } from './dataset-folder.js';
import { type Partition, partitionOf } from './names.js';
import { DATASET_SCHEMA, type Entry, type Part } from './part.js';

/** A partition, as it was read. */
interface ReadPart {
  readonly state: string;
  readonly part: Part;
}

/** An entry, and the partition that has it. */
export interface PlacedEntry extends Partition {
  readonly partition: string;
  readonly entry: Entry;
}

/** What a change makes of partitions: all of their entries as they are to be, and files that come with them. */
export interface Change {
  readonly parts: ReadonlyMap<string, readonly Entry[]>;
  readonly added: readonly { readonly from: string; readonly to: string }[];
}

/** The files of an entry, by table. */
export const filesOf = ({ entry, partition }: Pick<PlacedEntry, 'entry' | 'partition'>): string[] =>
  Object.keys(entry.tables).map(table => tableFile(table, partition, entry.file));

/**
 * The traces of a dataset. A partition's entries are read again when its file is another one, so this may be kept for as
 * long as others write.
 */
export class Dataset {
  readonly folder: DatasetFolder;
  private readonly tell: (text: string) => void;
  private readonly read = new Map<string, ReadPart>();

  private constructor(folder: DatasetFolder, tell: (text: string) => void) {
    this.folder = folder;
    this.tell = tell;
  }

  /** @throws P2mError P2M_DATASET (usage), P2M_DATASET_SCHEMA, P2M_DATASET_DAMAGED */
  static open(path: string, tell: (text: string) => void): Dataset {
    const folder = new DatasetFolder(path);
    folder.check();
    return new Dataset(folder, tell);
  }

  /** The same, which makes it where there is none. @throws P2mError also P2M_WRITE (usage) */
  static make(path: string, tell: (text: string) => void): Dataset {
    new DatasetFolder(path).begin();
    return Dataset.open(path, tell);
  }

  /** What there is, in the order of nights and hosts. @throws P2mError P2M_DATASET_DAMAGED, P2M_DATASET_SCHEMA */
  entries(): PlacedEntry[] {
    const partitions = this.folder.partitions();
    const present = new Set(partitions);
    for (const partition of this.read.keys()) if (!present.has(partition)) this.read.delete(partition);
    return partitions.flatMap(partition => this.entriesOf(partition));
  }

  /** The entries of a partition; throws like `entries`. */
  entriesOf(partition: string): PlacedEntry[] {
    const state = this.folder.stateOf(partition);
    if (state === undefined) return [];
    let read = this.read.get(partition);
    if (read?.state !== state) {
      read = { state, part: this.folder.part(partition) };
      this.read.set(partition, read);
    }
    const named = partitionOf(partition);
    return named === undefined ? [] : read.part.entries.map(entry => ({ ...named, partition, entry }));
  }

  /** Entries by the contents whose rows they have. Throws like `entries`. */
  byContent(): Map<string, PlacedEntry[]> {
    const found = new Map<string, PlacedEntry[]>();
    for (const placed of this.entries()) {
      for (const { content } of placed.entry.traces) found.set(content, [...(found.get(content) ?? []), placed]);
    }
    return found;
  }

  /** Whether all files of an entry are there, as long as they were. */
  isWhole(placed: PlacedEntry): boolean {
    const { entry, partition } = placed;
    return Object.entries(entry.tables).every(
      ([table, { bytes }]) => this.folder.size(tableFile(table, partition, entry.file)) === bytes,
    );
  }

  /**
   * Changes the dataset while nobody else does. `plan` sees what there is then, and says what is to be; undefined for no
   * change. Partitions change one after the other in the order of the map; each of them as a whole or not at all, also if
   * the process is killed. Files that nothing names any more are removed.
   * @throws P2mError P2M_WRITE, P2M_DATASET (usage), P2M_DATASET_DAMAGED, P2M_DATASET_SCHEMA, and what `plan` throws
   */
  async change(plan: () => Promise<Change | undefined>): Promise<void> {
    const lock = await this.folder.lock(holder => this.tell(`waiting for ${holder}: it writes the dataset`));
    try {
      this.recover();
      const change = await plan();
      if (change === undefined) return;
      const parts = [...change.parts.keys()];
      const files = [
        ...parts.flatMap(part => this.entriesOf(part).flatMap(filesOf)),
        ...change.added.map(({ to }) => to),
      ];
      this.folder.putPending({ parts, files: [...new Set(files)] });
      try {
        this.folder.place(change.added);
        for (const [partition, entries] of change.parts) {
          this.folder.putPart(partition, { schema: DATASET_SCHEMA, entries: [...entries] });
        }
      } catch (error) {
        this.tidyAfterFailure();
        throw error;
      }
      this.recover();
    } finally {
      lock.release();
    }
  }

  /** Ends what a process that was killed has begun, and removes what it left. Throws like `change`. */
  async tidy(): Promise<void> {
    this.folder.staging().remove();
    await this.change(async () => undefined);
  }

  /**
   * Ends a change that was cut off: what its partitions name is there, other files of it go. Only for whoever has the
   * lock.
   */
  private recover(): void {
    const pending = this.folder.pending();
    if (pending === undefined) return;
    const named = new Set(pending.parts.flatMap(part => this.entriesOf(part).flatMap(filesOf)));
    this.folder.remove(pending.files.filter(file => !named.has(file)));
    this.folder.putPending(undefined);
  }

  private tidyAfterFailure(): void {
    try {
      this.recover();
    } catch {
      // The next change does it; the first error is the one to tell.
    }
  }
}
