import type { DuckDBConnection } from '@duckdb/node-api';
import type { AuditReport } from './audit-report.js';
import { findingRows, metricRows, type RulesById, seenRows, type Value } from './history-rows.js';

/**
 * Times are UTC. `nights` has what the audit counted in all: occurrences of all findings, files, contents. `findings` has
 * a row per night, trace and rule; `seen` has the signatures behind these numbers.
 */
const TABLES = `
  create table if not exists nights (night integer primary key, at_utc timestamp, tool varchar);
  alter table nights add column if not exists occurrences bigint;
  alter table nights add column if not exists files integer;
  alter table nights add column if not exists contents integer;
  create table if not exists findings (
    night integer, trace varchar, rule varchar, new_findings integer, fixed integer, still_there integer);
  create table if not exists metrics (
    night integer, trace varchar, name varchar, unit varchar, better varchar, value double);
  create table if not exists seen (night integer, trace varchar, rule varchar, id varchar);
`;

/** Findings and metrics, night by night, in a DuckDB file. */
export class AuditHistory {
  private readonly connection: DuckDBConnection;
  private readonly end: () => void;

  private constructor(connection: DuckDBConnection, close: () => void) {
    this.connection = connection;
    this.end = close;
  }

  /** @throws Error of DuckDB if it is not such a file, or another process has it open */
  static async open(path: string): Promise<AuditHistory> {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const instance = await DuckDBInstance.create(path, { threads: '1' });
    try {
      const connection = await instance.connect();
      await connection.run(TABLES);
      return new AuditHistory(connection, () => {
        connection.closeSync();
        instance.closeSync();
      });
    } catch (error) {
      instance.closeSync();
      throw error;
    }
  }

  /** Adds a night completely or not at all. `at` is a time such as 2026-11-21T03:00:00Z. */
  async add({ tool, traces, contents, findings, metrics }: AuditReport, at: string): Promise<void> {
    await this.connection.run('begin');
    try {
      const [[last]] = await this.rows('select coalesce(max(night), 0) from nights');
      const night = Number(last) + 1;
      const occurrences = findings.reduce((sum, { count }) => sum + count, 0);
      await this.connection.run(
        'insert into nights (night, at_utc, tool, occurrences, files, contents) values ($1, $2, $3, $4, $5, $6)',
        [night, at.replace(/Z$/, ''), tool, occurrences, traces.length, contents],
      );
      const audited = traces.filter(({ problem }) => problem === null);
      const before = await this.lastSeen();
      await this.append(
        'findings',
        audited.flatMap(trace => findingRows(night, trace, before.get(trace.path))),
      );
      await this.append(
        'seen',
        audited.flatMap(trace => seenRows(night, trace)),
      );
      await this.append(
        'metrics',
        audited.flatMap(trace => metricRows(night, trace, metrics)),
      );
      await this.connection.run('commit');
    } catch (error) {
      // After some errors there is no transaction any more; the first error is the one to tell.
      await this.connection.run('rollback').catch(() => undefined);
      throw error;
    }
  }

  /** Removes nights before this time; what each trace had last in them stays, as the next nights are compared with it. */
  async retain(since: string): Promise<void> {
    await this.connection.run(
      `delete from seen where night < (
         select max(last.night) from seen last join nights using (night)
         where at_utc < $1 and last.trace = seen.trace)`,
      [since],
    );
    for (const table of ['findings', 'metrics']) {
      await this.connection.run(`delete from ${table} where night in (select night from nights where at_utc < $1)`, [
        since,
      ]);
    }
    await this.connection.run('delete from nights where at_utc < $1', [since]);
  }

  /** All rows of a query. */
  async rows(sql: string, parameters: readonly (string | number)[] = []): Promise<readonly unknown[][]> {
    const result = await this.connection.runAndReadAll(sql, [...parameters]);
    return result.getRowsJS() as unknown[][];
  }

  close(): void {
    this.end();
  }

  /** By trace: the findings of its last night, by id with their rule. */
  private async lastSeen(): Promise<ReadonlyMap<string, RulesById>> {
    const rows = await this.rows(`
      select trace, rule, id from seen
      join (select trace, max(night) as night from seen group by trace) using (trace, night)
      where id <> ''`);
    const seen = new Map<string, Map<string, string>>();
    for (const [trace, rule, id] of rows as string[][]) {
      if (!seen.has(trace)) seen.set(trace, new Map());
      seen.get(trace)?.set(id, rule);
    }
    return seen;
  }

  /** Does not use statements: preparing one for each row takes longer than the rest of an audit without news. */
  private async append(table: string, rows: readonly (readonly Value[])[]): Promise<void> {
    const appender = await this.connection.createAppender(table);
    for (const row of rows) {
      for (const value of row) {
        if (value === null) appender.appendNull();
        else if (typeof value === 'string') appender.appendVarchar(value);
        else appender.appendDouble(value);
      }
      appender.endRow();
    }
    appender.closeSync();
  }
}
