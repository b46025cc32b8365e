import type {
  DuckDBDataChunk,
  DuckDBExtractedStatements,
  DuckDBPreparedStatement,
  DuckDBResult,
  DuckDBValueConverter,
  JS,
} from '@duckdb/node-api';
import { usageError } from '@p2mtrace/trace-format';
import { duckdb } from './duckdb.js';
import type { SqlConnection } from './sql-connection.js';
import { interruptedError } from './sql-error.js';

/** null, boolean, number (up to 32 bits, DOUBLE, DECIMAL), bigint (64 bits and more), string (and ENUM), Uint8Array, … */
export type SqlValue = JS;

/** Values of `$name` parameters, by name. */
export type Parameters = Readonly<Record<string, bigint | number | string | boolean | null>>;

export interface ResultColumn {
  readonly name: string;
  /** Name of the SQL type without parameters: UBIGINT, ENUM, VARCHAR. */
  readonly type: string;
}

/**
 * The result of one statement, computed as it is read.
 *
 * DuckDB ends a failed stream exactly like a complete one. But a failure also aborts the transaction, so the stream
 * runs in one, and afterwards a query in the same transaction tells the two apart.
 */
export class QueryResult {
  readonly columns: readonly ResultColumn[];
  /** False for a statement that returns no rows, such as CREATE. */
  readonly hasRows: boolean;
  private readonly sql: SqlConnection;
  private readonly statement: DuckDBPreparedStatement;
  private readonly result: DuckDBResult;
  private state: 'streaming' | 'whole' | 'ended' | 'discarded';

  private constructor(sql: SqlConnection, statement: DuckDBPreparedStatement, result: DuckDBResult, streams: boolean) {
    this.sql = sql;
    this.statement = statement;
    this.result = result;
    this.state = streams ? 'streaming' : 'whole';
    this.hasRows = result.returnType === duckdb().ResultReturnType.QUERY_RESULT;
    const names = this.hasRows ? result.columnNames() : [];
    this.columns = names.map((name, i) => ({ name, type: duckdb().DuckDBTypeId[result.columnTypeId(i)] }));
  }

  /** Starts the statement with this index. @throws P2mError P2M_SQL, P2M_INTERRUPTED */
  static async start(
    sql: SqlConnection,
    statements: DuckDBExtractedStatements,
    index: number,
    parameters: Parameters,
  ): Promise<QueryResult> {
    sql.takeThrown();
    const statement = await sql.call(() => statements.prepare(index));
    try {
      if (statement.statementType === duckdb().StatementType.TRANSACTION) {
        throw usageError('P2M_SQL', 'there are no transactions', 'leave out begin, commit and rollback');
      }
      bind(statement, parameters);
      if (statement.statementType === duckdb().StatementType.SELECT)
        return await QueryResult.startStream(sql, statement);
      sql.checkInterrupt();
      return new QueryResult(sql, statement, await sql.call(() => statement.run()), false);
    } catch (error) {
      statement.destroySync();
      throw error;
    }
  }

  private static async startStream(sql: SqlConnection, statement: DuckDBPreparedStatement): Promise<QueryResult> {
    await sql.call(connection => connection.run('begin transaction'));
    try {
      sql.checkInterrupt();
      return new QueryResult(sql, statement, await sql.call(() => statement.stream()), true);
    } catch (error) {
      await sql.call(connection => connection.run('rollback'));
      throw error;
    }
  }

  /**
   * The rows, up to 2048 at a time; can be read once.
   * @throws P2mError P2M_SQL, P2M_INTERRUPTED, and what reading the trace throws: the rows before that are right, but
   *   not complete
   */
  async *batches(): AsyncGenerator<SqlValue[][], void> {
    while (this.state !== 'ended') {
      if (this.state === 'discarded') throw interruptedError();
      this.sql.checkInterrupt();
      const chunk = await this.sql.call(() => this.result.fetchChunk());
      if (chunk === null || chunk.rowCount === 0) await this.finish();
      else yield rowsOf(chunk);
    }
  }

  /** All rows that were not read yet; throws like `batches`. */
  async all(): Promise<SqlValue[][]> {
    const rows: SqlValue[][] = [];
    for await (const batch of this.batches()) for (const row of batch) rows.push(row);
    return rows;
  }

  /** Ends the statement at any point, and frees the connection for the next one. */
  async discard(): Promise<void> {
    if (this.state === 'ended' || this.state === 'discarded') return;
    const streams = this.state === 'streaming';
    this.state = 'discarded';
    if (streams) {
      this.sql.cancel();
      while (((await this.sql.call(() => this.result.fetchChunk()))?.rowCount ?? 0) > 0);
      await this.sql.call(connection => connection.run('rollback'));
    }
    this.statement.destroySync();
  }

  /** Called after the last row: throws if the statement failed. */
  private async finish(): Promise<void> {
    const streams = this.state === 'streaming';
    this.state = 'ended';
    try {
      if (streams) await this.checkEnd();
    } finally {
      this.statement.destroySync();
    }
  }

  private async checkEnd(): Promise<void> {
    const thrown = this.sql.takeThrown();
    const isWhole = await this.sql
      .call(connection => connection.run('select 1'))
      .then(
        () => true,
        () => false,
      );
    await this.sql.call(connection => connection.run(isWhole ? 'commit' : 'rollback'));
    if (isWhole) return;
    if (thrown !== undefined) throw thrown;
    this.sql.checkInterrupt();
    // Only a statement that runs to its end at once reports its error.
    await this.sql.call(() => this.statement.run());
    throw usageError('P2M_SQL', 'the query failed once, but not when it was run again', 'run it once more');
  }
}

/** @throws P2mError P2M_SQL (usage) for a text that JavaScript can't hold */
function rowsOf(chunk: DuckDBDataChunk): SqlValue[][] {
  try {
    return chunk.convertRows(toJs);
  } catch (error) {
    if (!/string longer than|Invalid string length/.test((error as Error).message)) throw error;
    throw usageError('P2M_SQL', 'a text of the result is longer than 512 MB', 'take a part of it: left(TEXT, 1000)');
  }
}

/** Dates have no time, and times that are outside of JavaScript's none that it can hold: both stay as DuckDB writes them. */
const toJs: DuckDBValueConverter<SqlValue> = (value, type, converter) => {
  const usual = duckdb().JSDuckDBValueConverter as DuckDBValueConverter<SqlValue>;
  if (value instanceof duckdb().DuckDBDateValue && Math.abs(value.days) !== INFINITE_DAYS) return String(value);
  try {
    return usual(value, type, converter);
  } catch (error) {
    if (!/out of range for JS Date/.test((error as Error).message)) throw error;
    // The binding writes these two as dates.
    if (value instanceof duckdb().DuckDBDateValue && Math.abs(value.days) === INFINITE_DAYS) {
      return value.days > 0 ? 'infinity' : '-infinity';
    }
    return String(value);
  }
};
const INFINITE_DAYS = 2 ** 31 - 1;

/** Binds the parameters that the statement has. @throws P2mError P2M_SQL (usage) if one has no value */
function bind(statement: DuckDBPreparedStatement, parameters: Parameters): void {
  const names = Array.from({ length: statement.parameterCount }, (_, i) => statement.parameterName(i + 1));
  for (const name of names) {
    if (Object.hasOwn(parameters, name)) continue;
    throw usageError('P2M_SQL', `the parameter $${name} has no value`, `give it one: --param ${name}=…`);
  }
  if (names.length > 0) statement.bind(Object.fromEntries(names.map(name => [name, parameters[name]])));
}
