import type { DuckDBConnection, DuckDBInstance, DuckDBTableFunction } from '@duckdb/node-api';
import { duckdb } from './duckdb.js';
import { interruptedError, sqlError } from './sql-error.js';

export interface SqlOptions {
  /** Number of DuckDB threads; by default the number of cores. */
  readonly threads?: number;
  /** In DuckDB's notation: `2GB`; by default 80 % of the memory. */
  readonly memoryLimit?: string;
  /** Where DuckDB may put what exceeds the limit; without it, such a query fails. */
  readonly tempDirectory?: string;
  /** Database files that can be read, under these names; one that can't be is told to its `onFailure`, and left out. */
  readonly attach?: readonly {
    readonly path: string;
    readonly name: string;
    readonly onFailure: (why: string) => void;
  }[];
  /** Files that statements may read and write; true means all, the default is none. */
  readonly files?: readonly string[] | true;
  /** Folders that statements may read, with all below them; then none may write a file. */
  readonly folders?: readonly string[];
}

/** How often an interrupt is repeated: one that arrives before its query has begun is lost. */
const REPEAT_MS = 20;

/**
 * A DuckDB in memory, with one connection, that can read only the named files, load no extension and not be
 * reconfigured.
 *
 * Table functions run on the JS thread, so DuckDB waits for that thread while a call is running. Anything that then
 * blocks the thread until DuckDB is idle hangs for ever: closing, `process.exit`, any synchronous call that binds a
 * query. Hence all calls are asynchronous, one at a time, and `stop` must be awaited before closing.
 */
export class SqlConnection {
  private readonly instance: DuckDBInstance;
  private readonly connection: DuckDBConnection;
  private underWay: Promise<unknown> | undefined;
  /** What a table function threw in the running call. */
  private thrown: { readonly error: unknown } | undefined;
  /** Whether statements must not write files, though DuckDB would let them. */
  onlyReads: boolean;
  private interrupted = false;
  private closed = false;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, onlyReads: boolean) {
    this.instance = instance;
    this.connection = connection;
    this.onlyReads = onlyReads;
  }

  /** @throws P2mError P2M_SQL for options that DuckDB doesn't take */
  static async open(options: SqlOptions): Promise<SqlConnection> {
    const { threads, memoryLimit, tempDirectory, attach = [], files = [], folders = [] } = options;
    const config: Record<string, string> = {
      temp_directory: tempDirectory ?? '',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    };
    if (threads !== undefined) config.threads = String(threads);
    if (memoryLimit !== undefined) config.memory_limit = memoryLimit;
    try {
      const instance = await duckdb().DuckDBInstance.create(':memory:', config);
      const connection = await instance.connect();
      for (const { path, name, onFailure } of attach) {
        try {
          await connection.run(`attach ${textLiteral(path)} as ${quotedName(name)} (read_only)`);
        } catch (error) {
          onFailure((error as Error).message);
        }
      }
      if (files !== true) {
        await connection.run(`set allowed_paths = [${files.map(textLiteral).join(', ')}]`);
        await connection.run(`set allowed_directories = [${folders.map(textLiteral).join(', ')}]`);
        await connection.run('set enable_external_access = false');
      }
      await connection.run('set lock_configuration = true');
      return new SqlConnection(instance, connection, files !== true && folders.length > 0);
    } catch (error) {
      throw sqlError(error);
    }
  }

  register(makeFunction: (onError: (error: unknown) => void) => DuckDBTableFunction): void {
    const made = makeFunction(error => {
      this.thrown ??= { error };
    });
    this.connection.registerTableFunction(made);
    // DuckDB keeps its own copy.
    made.destroySync();
  }

  /**
   * Makes a call to DuckDB.
   * @throws P2mError P2M_SQL, P2M_INTERRUPTED; what a table function threw, unchanged
   */
  async call<T>(start: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    if (this.closed) throw interruptedError();
    if (this.underWay !== undefined) throw new Error('a SQL session makes one call at a time');
    const call = start(this.connection);
    this.underWay = call;
    try {
      return await call;
    } catch (error) {
      throw this.takeThrown() ?? sqlError(error);
    } finally {
      this.underWay = undefined;
    }
  }

  /** What a table function has thrown since the last call of this. */
  takeThrown(): unknown {
    const error = this.thrown?.error;
    this.thrown = undefined;
    return error;
  }

  /** Forgets an interrupt that came when there was nothing to end. */
  clearInterrupt(): void {
    this.interrupted = false;
  }

  /** For times when no call is running. @throws P2mError P2M_INTERRUPTED */
  checkInterrupt(): void {
    if (this.interrupted) throw interruptedError();
  }

  /** Ends the running call with P2M_INTERRUPTED, or makes the next check throw it. */
  interrupt(): void {
    this.interrupted = true;
    this.cancel();
  }

  /** Ends the running call with P2M_INTERRUPTED; harmless if there is none. */
  cancel(): void {
    this.connection.interrupt();
    const call = this.underWay;
    if (call === undefined) return;
    const timer = setInterval(() => {
      if (this.underWay === call) this.connection.interrupt();
      else clearInterval(timer);
    }, REPEAT_MS);
  }

  /** Ends the running call, and those that its caller then makes to clean up. */
  async stop(): Promise<void> {
    while (this.underWay !== undefined) {
      this.interrupt();
      await this.underWay.catch(() => undefined);
      // Lets the caller continue, up to the point where it waits for something else.
      await new Promise(resolve => setImmediate(resolve));
    }
  }

  /** Closes; no call may be running, and later ones fail with P2M_INTERRUPTED. */
  close(): void {
    this.closed = true;
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

export const textLiteral = (text: string) => `'${text.replaceAll("'", "''")}'`;
export const quotedName = (name: string) => `"${name.replaceAll('"', '""')}"`;
