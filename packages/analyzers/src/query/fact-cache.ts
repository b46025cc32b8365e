import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FACTS_VERSION, traceIdentity } from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import {
  FileLock,
  ForeignFile,
  makeFolder,
  putAside,
  removeAbandoned,
  removeOutput,
} from '@p2mtrace/trace-format/output';
import type { ColumnSource } from '../sql/column-source.js';
import { duckdb } from '../sql/duckdb.js';
import { tableFunction } from '../sql/table-function.js';

/** Must be raised if the same facts are stored differently. */
const CACHE_VERSION = 1;
/** A replay of fewer events takes about 0.2 s, which is not worth a file. */
const WORTH_A_FILE = 2 ** 20;
const SUFFIX = '.duckdb';

/** Default name of the folder for a trace's cached facts. */
export const factCachePath = (trace: string): string => `${trace}.p2mfacts`;

/**
 * Facts of a trace on disk: a DuckDB file per table, named by everything that the facts depend on (the content of the
 * trace and how this version replays), so a file that does not fit is never read. Files get their names when complete.
 */
export class FactCache {
  private readonly folder: string;
  private readonly key: string;
  private readonly onNotice: (text: string) => void;

  private constructor(folder: string, key: string, onNotice: (text: string) => void) {
    this.folder = folder;
    this.key = key;
    this.onNotice = onNotice;
  }

  /**
   * The cache of a trace, in its own folder or in `folder`; undefined for a trace of fewer than `worth` events.
   * `onNotice` gets what happened to a file that is damaged.
   */
  static of(
    reader: TraceReader,
    folder?: string,
    worth = WORTH_A_FILE,
    onNotice: (text: string) => void = () => undefined,
  ): FactCache | undefined {
    if (reader.rows < worth) return undefined;
    const identity = traceIdentity(reader);
    if (identity === undefined) return undefined;
    const hash = createHash('sha256').update(JSON.stringify([CACHE_VERSION, FACTS_VERSION, identity]));
    return new FactCache(folder ?? factCachePath(reader.path), hash.digest('hex').slice(0, 24), onNotice);
  }

  /** The file with a table; undefined if there is none. */
  file(table: string): string | undefined {
    const path = this.path(table);
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? path : undefined;
  }

  /** Takes a file that can't be used out of the way, so that it is made again. */
  putAside(path: string, why: string): void {
    const aside = putAside(path);
    if (aside === undefined) this.onNotice(`${path} can't be used: ${why}`);
    else this.onNotice(`${path} can't be used (${why}): it was put aside as ${aside} and is made again`);
  }

  /** Puts aside what a query found to be damaged: it is not known in which file. */
  putAllAside(why: string): void {
    for (const name of readdirSync(this.folder)) {
      if (name.endsWith(`-${this.key}${SUFFIX}`)) this.putAside(join(this.folder, name), why);
    }
  }

  /**
   * Stores a table, and removes its files for other content or versions, unless the folder is shared. Nothing is done
   * while another process stores the same: it is the same content.
   * @throws P2mError P2M_OUTPUT, P2M_WRITE (usage), Error of DuckDB
   */
  async keep(source: ColumnSource): Promise<void> {
    makeFolder(this.folder);
    const path = this.path(source.name);
    const lock = FileLock.tryTake(`${path}.lock`, 'facts');
    if (lock === undefined) return;
    try {
      removeAbandoned(path, 0);
      await new ForeignFile(path, { follow: false }).write(file => write(source, file));
    } finally {
      lock.release();
    }
    this.removeStale(source.name, path);
  }

  private path(table: string): string {
    return join(this.folder, `${table}-${this.key}${SUFFIX}`);
  }

  private removeStale(table: string, path: string): void {
    if (!this.folder.endsWith(factCachePath(''))) return;
    for (const name of readdirSync(this.folder)) {
      const other = join(this.folder, name);
      if (name.startsWith(`${table}-`) && name.endsWith(SUFFIX) && other !== path) removeOutput(other);
    }
  }
}

/** Name of the table in its file. */
export const KEPT = 'facts';

async function write(source: ColumnSource, path: string): Promise<void> {
  const instance = await duckdb().DuckDBInstance.create(path);
  let thrown: unknown;
  const scan = tableFunction('scan', source, error => {
    thrown ??= error;
  });
  try {
    const connection = await instance.connect();
    connection.registerTableFunction(scan);
    const columns = source.columns.map(({ name }) => `"${name}"`).join(', ');
    await connection.run(`create table ${KEPT} as select ${columns} from scan()`);
    connection.closeSync();
  } catch (error) {
    throw thrown ?? error;
  } finally {
    scan.destroySync();
    instance.closeSync();
  }
}
