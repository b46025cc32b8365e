import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FACTS_VERSION, traceIdentity } from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import type { ColumnSource } from '../sql/column-source.js';
import { duckdb } from '../sql/duckdb.js';
import { tableFunction } from '../sql/table-function.js';

/** To be raised where the same facts are kept in another way. */
const CACHE_VERSION = 1;
/** A replay of fewer events takes about 0.2 s, which is not worth a file. */
const WORTH_A_FILE = 2 ** 20;
const SUFFIX = '.duckdb';

/** Name of the folder with the kept facts of a trace, where no other folder is named. */
export const factCachePath = (trace: string): string => `${trace}.p2mfacts`;

/**
 * Facts of a trace on disk: a DuckDB file a table, named by what the facts are a function of (the trace's content and
 * how this version replays), so that what does not fit is never read. A file appears under its name when it is whole.
 */
export class FactCache {
  private readonly folder: string;
  private readonly key: string;

  private constructor(folder: string, key: string) {
    this.folder = folder;
    this.key = key;
  }

  /** The cache of a trace, in a folder of its own or in `folder`; undefined for a trace of fewer events than `worth`. */
  static of(reader: TraceReader, folder?: string, worth = WORTH_A_FILE): FactCache | undefined {
    if (reader.rows < worth) return undefined;
    const identity = traceIdentity(reader);
    if (identity === undefined) return undefined;
    const hash = createHash('sha256').update(JSON.stringify([CACHE_VERSION, FACTS_VERSION, identity]));
    return new FactCache(folder ?? factCachePath(reader.path), hash.digest('hex').slice(0, 24));
  }

  /** The file with a table; undefined where there is none. */
  file(table: string): string | undefined {
    const path = this.path(table);
    return existsSync(path) ? path : undefined;
  }

  /**
   * Keeps a table, and removes what was kept of it for another content or version, unless the folder is shared.
   * @throws Error of the file system or of DuckDB
   */
  async keep(source: ColumnSource): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    const path = this.path(source.name);
    const partial = `${path}.partial-${process.pid}`;
    try {
      await write(source, partial);
      renameSync(partial, path);
    } finally {
      rmSync(partial, { force: true });
      rmSync(`${partial}.wal`, { force: true });
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
      if (name.startsWith(`${table}-`) && name.endsWith(SUFFIX) && other !== path) rmSync(other, { force: true });
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
