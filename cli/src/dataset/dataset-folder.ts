import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { usageError } from '@p2mtrace/trace-format/errors';
import {
  FileLock,
  makeFolder,
  makeFolderOf,
  placeFiles,
  removeOutput,
  StagingFolder,
  writeOutput,
} from '@p2mtrace/trace-format/output';
import type * as z from 'zod';
import { readSealed, writeSealed } from '../output/sealed-file.js';
import { checkHead, damaged, HEAD, newerSchema } from './head.js';
import { partitionOf } from './names.js';
import { DATASET_SCHEMA, type Part, type Pending, partSchema, pendingSchema } from './part.js';

const FACTS = 'facts';
const PARTS = '_parts';
const PENDING = '_pending.json';

/**
 * Where a dataset's files are, and the only place that reads and writes them. Paths are relative to the folder.
 *
 *     dataset.json                                     that it is one, and the version of its schema
 *     facts/TABLE/night=…/host=…/FILE.parquet          what others read
 *     _parts/night=…/host=….json                       which files there are (`Part`)
 *     _pending.json, _lock, _staging/                  a change that is under way
 */
export class DatasetFolder {
  readonly path: string;
  /** As the user has it. */
  readonly name: string;

  constructor(path: string) {
    this.name = path;
    this.path = resolve(path);
  }

  /** @throws P2mError P2M_DATASET (usage) if there is none; P2M_DATASET_SCHEMA, P2M_DATASET_DAMAGED */
  check(): void {
    this.checkName();
    const isFile = statSync(this.path, { throwIfNoEntry: false })?.isDirectory() === false;
    const text = isFile ? undefined : this.text('dataset.json');
    if (text === undefined) {
      throw usageError('P2M_DATASET', `there is no dataset in ${this.name}`, 'p2mtrace audit --dataset makes one');
    }
    checkHead(this.at('dataset.json'), text);
  }

  /** Makes the folder a dataset, unless it is one. @throws P2mError like `check`; P2M_WRITE (usage) */
  begin(): void {
    this.checkName();
    makeFolder(this.path);
    const text = this.text('dataset.json');
    if (text !== undefined) checkHead(this.at('dataset.json'), text);
    else writeOutput(this.at('dataset.json'), HEAD);
  }

  /** DuckDB would take the path for a pattern, and read files of other datasets. */
  private checkName(): void {
    const [character] = /[*?[]/.exec(this.path) ?? [];
    if (character === undefined) return;
    throw usageError('P2M_DATASET', `${this.name}: a dataset's path can't have ${character}`, 'give it another name');
  }

  /** Paths of partitions, in their order. */
  partitions(): string[] {
    const nights = namesIn(this.at(PARTS));
    return nights.flatMap(night =>
      namesIn(this.at(PARTS, night)).flatMap(name => {
        const partition = `${night}/${name.replace(/\.json$/, '')}`;
        return name.endsWith('.json') && partitionOf(partition) !== undefined ? [partition] : [];
      }),
    );
  }

  /** What differs whenever a partition may have changed; undefined if there is no such. */
  stateOf(partition: string): string | undefined {
    const stat = statSync(this.at(partPath(partition)), { bigint: true, throwIfNoEntry: false });
    return stat && [stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ');
  }

  /** @throws P2mError P2M_DATASET_DAMAGED, P2M_DATASET_SCHEMA */
  part(partition: string): Part {
    const path = partPath(partition);
    if (this.stateOf(partition) === undefined) return { schema: DATASET_SCHEMA, entries: [] };
    const part = this.sealed(path, partSchema);
    if (part.schema > DATASET_SCHEMA) throw newerSchema(this.at(path), part.schema);
    return part;
  }

  /** @throws P2mError P2M_WRITE (usage) */
  putPart(partition: string, part: Part): void {
    const path = partPath(partition);
    if (part.entries.length === 0) this.remove([path]);
    else {
      makeFolderOf(this.at(path));
      // What could not be read again would make all of the dataset unreadable.
      writeSealed(this.at(path), partSchema.parse(part));
    }
  }

  /** @throws P2mError P2M_DATASET_DAMAGED */
  pending(): Pending | undefined {
    if (this.size(PENDING) === undefined) return undefined;
    const pending = this.sealed(PENDING, pendingSchema);
    // What it names is removed.
    const isOurs = (file: string) => {
      const [, partition] = /^facts\/\w+\/(night=[^/]+\/host=[^/]+)\/[\w.-]+\.parquet$/.exec(file) ?? [];
      return partition !== undefined && partitionOf(partition) !== undefined;
    };
    if (pending.files.every(isOurs) && pending.parts.every(part => partitionOf(part) !== undefined)) return pending;
    throw damaged(this.at(PENDING), 'it names files that a dataset does not have');
  }

  /** @throws P2mError P2M_WRITE (usage) */
  putPending(pending: Pending | undefined): void {
    if (pending === undefined) removeOutput(this.at(PENDING));
    else writeSealed(this.at(PENDING), pending);
  }

  /** Moves files, which lie in a staging folder, to their paths. @throws P2mError P2M_WRITE (usage) */
  place(files: readonly { readonly from: string; readonly to: string }[]): void {
    placeFiles(files.map(({ from, to }) => ({ from, to: this.at(to) })));
  }

  /** Removes files, and the folders that are empty then. @throws P2mError P2M_WRITE (usage) */
  remove(paths: readonly string[]): void {
    for (const path of paths) removeOutput(this.at(path));
    const folders = new Set(paths.map(path => path.slice(0, path.lastIndexOf('/'))));
    for (const folder of folders) this.removeEmpty(folder);
  }

  /** Size in bytes; undefined if there is no such file. */
  size(path: string): number | undefined {
    const stat = statSync(this.at(path), { throwIfNoEntry: false });
    return stat?.isFile() === true ? stat.size : undefined;
  }

  /** Where DuckDB reads a file. */
  urlOf(path: string): string {
    return this.at(path);
  }

  /** A folder for files that will be placed. @throws P2mError P2M_WRITE (usage) */
  staging(): StagingFolder {
    return new StagingFolder(this.at('_staging'), 'dataset');
  }

  /** Waits until nobody else changes the dataset. @throws P2mError P2M_DATASET (usage) where there are no locks */
  async lock(onWait: (holder: string) => void): Promise<FileLock> {
    const lock = await FileLock.take(this.at('_lock'), 'dataset', onWait);
    if (lock.isHeld) return lock;
    throw usageError(
      'P2M_DATASET',
      `${this.name} can't be locked, so two that write at once could undo each other's work`,
      'name a folder that this user may write to, on a file system with locks',
    );
  }

  private removeEmpty(folder: string): void {
    for (let path = folder; path.includes('/'); path = path.slice(0, path.lastIndexOf('/'))) {
      if (namesIn(this.at(path)).length > 0) return;
      removeOutput(this.at(path));
    }
  }

  private sealed<T>(path: string, schema: z.ZodType<T>): T {
    const value = readSealed(this.at(path), schema, () => undefined);
    if (value !== undefined) return value;
    throw damaged(this.at(path), 'it was cut or changed');
  }

  private text(path: string): string | undefined {
    return this.size(path) === undefined ? undefined : readFileSync(this.at(path), 'utf8');
  }

  private at(...parts: readonly string[]): string {
    return join(this.path, ...parts);
  }
}

/** Path of the file with a table's rows. */
export const tableFile = (table: string, partition: string, file: string): string =>
  `${FACTS}/${table}/${partition}/${file}.parquet`;

const partPath = (partition: string) => `${PARTS}/${partition}.json`;

/** In their order; none where there is no such folder. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
