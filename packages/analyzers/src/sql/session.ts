import type { DuckDBExtractedStatements } from '@duckdb/node-api';
import { type TraceReader, usageError } from '@p2mtrace/trace-format';
import type { ColumnSource } from './column-source.js';
import { eventsSource } from './events-source.js';
import { type FactTable, factSource } from './fact-table.js';
import { type Parameters, QueryResult, type ResultColumn, type SqlValue } from './query-result.js';
import { quotedName, SqlConnection, type SqlOptions } from './sql-connection.js';
import { withoutHexLiterals } from './sql-text.js';
import { tableFunction } from './table-function.js';

/** A result that was read as a whole. */
export interface Rows {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly SqlValue[][];
}

/** Tables that are computed when SQL mentions them: those of the names given. */
export type LazyTables = (names: readonly string[]) => readonly (ColumnSource | FactTable)[];
/** Makes what SQL mentions for the first time. */
type Provide = (names: readonly string[]) => Promise<void>;

/**
 * SQL over tables that stay where they are: DuckDB reads the events from the trace and the facts from memory.
 *
 * One statement runs at a time, and each is a transaction of its own. While one runs, never end the process but by a signal: `close` first.
 * Rows come in the order of the table, but an aggregate that depends on order (first, list) needs its ORDER BY.
 * Numbers may be written in hex.
 */
export class TraceSession {
  private readonly sql: SqlConnection;
  private readonly lazy = new Map<string, Provide>();
  private readonly lazySql = new Map<string, string>();
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
    await this.define(`create view ${quotedName(table.name)} as ${this.select(table)}`);
  }

  /** Makes a table known without giving it its name: the text of a query for all of it. `scan` must not be taken. */
  select(table: ColumnSource | FactTable, scan = `scan_${table.name}`): string {
    const source = 'scan' in table ? table : factSource([table]);
    this.sql.register(onError => tableFunction(scan, source, onError));
    const columns = source.columns.map(column => quotedName(column.name)).join(', ');
    return `select ${columns} from ${quotedName(scan)}()`;
  }

  /** Runs a statement that makes something (a view, a macro). @throws P2mError P2M_SQL */
  async define(sql: string): Promise<void> {
    await this.sql.call(connection => connection.run(sql));
  }

  /**
   * Makes tables that are computed before the first SQL that mentions their name, be it in a comment, those that it
   * mentions together; until then `show tables` doesn't list them. What `compute` throws, `run` throws.
   */
  addLazyTables(names: readonly string[], compute: LazyTables): void {
    this.addLazy(names, async mentioned => {
      for (const table of compute(mentioned)) await this.addTable(table);
    });
  }

  /** The general form of the above: `provide` gets the names that were mentioned. */
  addLazy(names: readonly string[], provide: Provide): void {
    for (const name of names) this.lazy.set(name, provide);
  }

  /** Makes what `sql` creates (a macro, a view), with all that it mentions, before the first SQL that mentions `name`. */
  addLazySql(name: string, sql: string): void {
    this.lazySql.set(name, sql);
  }

  /**
   * Runs statements one after the other, and yields the result of each that gives rows. A result lives until the next
   * is asked for; what was not read of it by then is not computed. `parameters` stand for `$name` in the statements.
   * @throws P2mError P2M_SQL, P2M_INTERRUPTED; what reading the trace or computing a table throws
   */
  async *run(sql: string, parameters: Parameters = {}): AsyncGenerator<QueryResult, void> {
    this.sql.clearInterrupt();
    await this.current?.discard();
    await this.addMentioned(sql);
    const statements = await this.statements(withoutHexLiterals(sql));
    for (let index = 0; index < statements.count; index++) {
      const result = await QueryResult.start(this.sql, statements, index, parameters);
      this.current = result;
      try {
        if (result.hasRows) yield result;
      } finally {
        await result.discard();
      }
    }
  }

  /** Runs statements and reads all rows of the last one that gives any; errors as for `run`. */
  async runAll(sql: string, parameters?: Parameters): Promise<Rows> {
    let last: Rows = { columns: [], rows: [] };
    for await (const result of this.run(sql, parameters)) last = { columns: result.columns, rows: await result.all() };
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

  /** Makes all that the SQL needs and that is not there yet: tables first, and each definition behind those it needs. */
  private async addMentioned(sql: string): Promise<void> {
    const definitions = new Map<string, string>();
    const collect = (text: string, own?: string) => {
      for (const [name, definition] of this.lazySql) {
        if (name === own || definitions.has(name) || !mentions(text, name)) continue;
        collect(definition, name);
        definitions.set(name, definition);
      }
    };
    collect(sql);
    await this.addTables([sql, ...definitions.values()].join('\n'));
    for (const [name, definition] of definitions) {
      await this.define(withoutHexLiterals(definition));
      this.lazySql.delete(name);
    }
  }

  private async addTables(sql: string): Promise<void> {
    for (const provide of new Set(this.lazy.values())) {
      const names = [...this.lazy.keys()].filter(name => this.lazy.get(name) === provide && mentions(sql, name));
      if (names.length === 0) continue;
      await provide(names);
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
