import type { DuckDBExtractedStatements } from '@duckdb/node-api';
import { type TraceReader, usageError } from '@p2mtrace/trace-format';
import type { ColumnSource } from './column-source.js';
import { eventsSource } from './events-source.js';
import { type FactTable, factSource } from './fact-table.js';
import { QueryResult, type ResultColumn, type SqlValue } from './query-result.js';
import { SqlConnection, type SqlOptions } from './sql-connection.js';
import { tableFunction } from './table-function.js';

/** A result that was read as a whole. */
export interface Rows {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly SqlValue[][];
}

/** Tables that are computed when SQL mentions them: those of the names given. */
export type LazyTables = (names: readonly string[]) => readonly (ColumnSource | FactTable)[];

/**
 * SQL over tables that stay where they are: DuckDB reads the events from the trace and the facts from memory.
 *
 * One statement runs at a time, and each is a transaction of its own. While one runs, never end the process but by a signal: `close` first.
 * Rows come in the order of the table, but an aggregate that depends on order (first, list) needs its ORDER BY.
 */
export class TraceSession {
  private readonly sql: SqlConnection;
  private readonly lazy = new Map<string, LazyTables>();
  private current: QueryResult | undefined;

  private constructor(sql: SqlConnection) {
    this.sql = sql;
  }

  /** @throws P2mError P2M_SQL for options that DuckDB doesn't take */
  static async open(options: SqlOptions = {}): Promise<TraceSession> {
    return new TraceSession(await SqlConnection.open(options));
  }

  /** Makes the events of a trace a table. @throws P2mError P2M_NAMES */
  async addEvents(reader: TraceReader, name = 'events'): Promise<void> {
    await this.addTable(eventsSource(reader, name));
  }

  /** Makes a table; it is read when a query needs it. @throws P2mError P2M_NAMES, P2M_SQL if there is one of that name */
  async addTable(table: ColumnSource | FactTable): Promise<void> {
    const source = 'scan' in table ? table : factSource([table]);
    const scan = quoted(`scan_${source.name}`);
    this.sql.register(onError => tableFunction(`scan_${source.name}`, source, onError));
    const columns = source.columns.map(column => quoted(column.name)).join(', ');
    await this.sql.call(connection =>
      connection.run(`create view ${quoted(source.name)} as select ${columns} from ${scan}()`),
    );
  }

  /**
   * Makes tables that are computed before the first SQL that mentions their name, be it in a comment, those that it
   * mentions together; until then `show tables` doesn't list them. What `compute` throws, `run` throws.
   */
  addLazyTables(names: readonly string[], compute: LazyTables): void {
    for (const name of names) this.lazy.set(name, compute);
  }

  /**
   * Runs statements one after the other, and yields the result of each that gives rows. A result lives until the next
   * is asked for; what was not read of it by then is not computed.
   * @throws P2mError P2M_SQL, P2M_INTERRUPTED; what reading the trace or computing a table throws
   */
  async *run(sql: string): AsyncGenerator<QueryResult, void> {
    this.sql.clearInterrupt();
    await this.current?.discard();
    await this.addMentioned(sql);
    const statements = await this.statements(sql);
    for (let index = 0; index < statements.count; index++) {
      const result = await QueryResult.start(this.sql, statements, index);
      this.current = result;
      try {
        if (result.hasRows) yield result;
      } finally {
        await result.discard();
      }
    }
  }

  /** Runs statements and reads all rows of the last one that gives any; errors as for `run`. */
  async runAll(sql: string): Promise<Rows> {
    let last: Rows = { columns: [], rows: [] };
    for await (const result of this.run(sql)) last = { columns: result.columns, rows: await result.all() };
    return last;
  }

  /** Ends the statement that runs with P2M_INTERRUPTED; the session stays usable. */
  interrupt(): void {
    this.sql.interrupt();
  }

  /** Ends what runs, and closes; the readers and tables stay open. */
  async close(): Promise<void> {
    await this.sql.stop();
    await this.current?.discard();
    this.sql.close();
  }

  private async addMentioned(sql: string): Promise<void> {
    for (const compute of new Set(this.lazy.values())) {
      const names = [...this.lazy.keys()].filter(name => this.lazy.get(name) === compute && mentions(sql, name));
      if (names.length === 0) continue;
      for (const table of compute(names)) await this.addTable(table);
      for (const name of names) this.lazy.delete(name);
    }
  }

  private async statements(sql: string): Promise<DuckDBExtractedStatements> {
    try {
      return await this.sql.call(connection => connection.extractStatements(sql));
    } catch (error) {
      // All that the binding says of a text without any statement.
      if (error instanceof Error && error.message === 'Error in native callback') {
        throw usageError(
          'P2M_SQL',
          'there is no statement in the SQL',
          'for example: select kind, count(*) from events group by kind',
        );
      }
      throw error;
    }
  }
}

/** The text has the name as a word. */
export const mentions = (sql: string, name: string): boolean => new RegExp(`(?<!\\w)${name}(?!\\w)`, 'i').test(sql);

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
