import type { DuckDBExtractedStatements } from '@duckdb/node-api';
import { type TraceReader, usageError } from '@p2mtrace/trace-format';
import type { ColumnSource } from './column-source.js';
import { eventsSource } from './events-source.js';
import { type FactTable, factSource } from './fact-table.js';
import { type Parameters, QueryResult, type ResultColumn, type SqlValue } from './query-result.js';
import { quotedName, SqlConnection, type SqlOptions, textLiteral } from './sql-connection.js';
import { withoutHexLiterals } from './sql-text.js';
import { tableFunction } from './table-function.js';

/** A result read completely. */
export interface Rows {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly SqlValue[][];
}

/** Computes tables when SQL mentions them; gets the names that were mentioned. */
export type LazyTables = (names: readonly string[]) => readonly (ColumnSource | FactTable)[];
/** Creates what SQL mentions for the first time. */
type Provide = (names: readonly string[]) => Promise<void>;

/**
 * SQL over tables that stay where they are: DuckDB reads events from the trace and facts from memory.
 *
 * One statement runs at a time, each in its own transaction. While one runs, do not end the process except by a
 * signal: `close` first. Rows come in the order of the table, but an aggregate that depends on order (first, list)
 * needs its own ORDER BY. Numbers may be written in hex.
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

  /** Adds the events of a trace as a table. @throws P2mError P2M_NAMES */
  async addEvents(reader: TraceReader, name = 'events'): Promise<void> {
    await this.addTable(eventsSource(reader, name));
  }

  /** Adds a table, which is read when a query needs it. @throws P2mError P2M_NAMES, P2M_SQL if the name is taken */
  async addTable(table: ColumnSource | FactTable): Promise<void> {
    await this.define(`create view ${quotedName(table.name)} as ${this.select(table)}`);
  }

  /** Registers a table without its name; returns a query that selects all of it. `scan` must not be in use. */
  select(table: ColumnSource | FactTable, scan = `scan_${table.name}`): string {
    const source = 'scan' in table ? table : factSource([table]);
    this.sql.register(onError => tableFunction(scan, source, onError));
    const columns = source.columns.map(column => quotedName(column.name)).join(', ');
    return `select ${columns} from ${quotedName(scan)}()`;
  }

  /** Runs a statement that defines something (a view, a macro). @throws P2mError P2M_SQL */
  async define(sql: string): Promise<void> {
    await this.sql.call(connection => connection.run(sql));
  }

  /**
   * Adds tables that are computed before the first SQL that mentions their names, even in a comment; those that it
   * mentions are computed together. Until then, `show tables` doesn't list them. `run` throws what `compute` throws.
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

  /** Runs `sql`, which defines `name` (a macro, a view), and all that it mentions, before the first use of `name`. */
  addLazySql(name: string, sql: string): void {
    this.lazySql.set(name, sql);
  }

  /**
   * Runs statements one after the other, and yields the result of each that returns rows. A result is valid until the
   * next is requested; what was not read by then is not computed. `parameters` are the values of `$name` in the
   * statements.
   * @throws P2mError P2M_SQL, P2M_INTERRUPTED; what reading the trace or computing a table throws
   */
  async *run(sql: string, parameters: Parameters = {}): AsyncGenerator<QueryResult, void> {
    checkText(sql);
    if (this.sql.onlyReads) checkReads(sql);
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

  /** Runs statements and reads all rows of the last one that returns any; throws like `run`. */
  async runAll(sql: string, parameters?: Parameters): Promise<Rows> {
    let last: Rows = { columns: [], rows: [] };
    for await (const result of this.run(sql, parameters)) last = { columns: result.columns, rows: await result.all() };
    return last;
  }

  /** Writes the rows of a query to a Parquet file; throws like `run`. */
  async writeParquet(query: string, path: string, parameters?: Parameters): Promise<void> {
    const { onlyReads } = this.sql;
    this.sql.onlyReads = false;
    try {
      await this.runAll(`copy (${query}\n) to ${textLiteral(path)} (format parquet, compression zstd)`, parameters);
    } finally {
      this.sql.onlyReads = onlyReads;
    }
  }

  /** Ends the running statement with P2M_INTERRUPTED; the session stays usable. */
  interrupt(): void {
    this.sql.interrupt();
  }

  /** Ends the running statement and closes the session; readers and tables stay open. */
  async close(): Promise<void> {
    await this.sql.stop();
    await this.current?.discard();
    this.sql.close();
  }

  /** Creates what the SQL needs and is not there yet: tables first, and each definition after those it needs. */
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
      // That is all that the binding says about text without any statement.
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

/** @throws P2mError P2M_SQL (usage) for what DuckDB would cut off or must not do */
function checkText(sql: string): void {
  if (sql.includes('\0')) {
    throw usageError(
      'P2M_SQL',
      'the SQL has a NUL, behind which DuckDB reads nothing',
      'leave it out: chr(0) makes one',
    );
  }
  if (mentions(sql, 'enable_logging')) {
    throw usageError('P2M_SQL', 'DuckDB can not log here', 'leave out enable_logging');
  }
}

/** What DuckDB has to write files with; `explain analyze` and `execute` run them too. */
const WRITERS = ['copy', 'export', 'attach'];

/** @throws P2mError P2M_SQL (usage) for what could write into a folder that is only to be read */
function checkReads(sql: string): void {
  // Where a quote may be anything but the start of a string, words of strings count as well.
  const code = /[$"\\]|--|\/\*/.test(sql) ? sql : sql.replace(/'(?:[^']|'')*'/g, "''");
  const writer = WRITERS.find(word => mentions(code, word));
  if (writer === undefined) return;
  throw usageError('P2M_SQL', `SQL here only reads: it has the word ${writer}`, 'write the result with -o');
}

/** True if the text contains the name as a word. */
export const mentions = (sql: string, name: string): boolean => new RegExp(`(?<!\\w)${name}(?!\\w)`, 'i').test(sql);
