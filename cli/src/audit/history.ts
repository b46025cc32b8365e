import type { DuckDBConnection } from '@duckdb/node-api';
import { usageError } from '@p2mtrace/trace-format/errors';
import type { AuditReport } from './audit-report.js';
import { ALL_METRICS } from './metrics.js';
import type { TraceResult } from './trace-result.js';

/** Times are UTC. `findings` has a row a night, trace and rule; `seen` which signatures stand behind the numbers. */
const TABLES = `
  create table if not exists nights (night integer primary key, at_utc timestamp, tool varchar);
  create table if not exists findings (
    night integer, trace varchar, rule varchar, new_findings integer, fixed integer, still_there integer);
  create table if not exists metrics (
    night integer, trace varchar, name varchar, unit varchar, better varchar, value double);
  create table if not exists seen (night integer, trace varchar, rule varchar, id varchar);
`;

/** What was found and measured, night by night, in a DuckDB file. */
export class AuditHistory {
  private readonly connection: DuckDBConnection;
  private readonly end: () => void;

  private constructor(connection: DuckDBConnection, close: () => void) {
    this.connection = connection;
    this.end = close;
  }

  /** @throws P2mError P2M_HISTORY (usage): it is no such file, or another process has it open */
  static async open(path: string): Promise<AuditHistory> {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    try {
      const instance = await DuckDBInstance.create(path, { threads: '1' });
      const connection = await instance.connect();
      await connection.run(TABLES);
      return new AuditHistory(connection, () => {
        connection.closeSync();
        instance.closeSync();
      });
    } catch (error) {
      throw usageError(
        'P2M_HISTORY',
        `${path} can't be opened: ${(error as Error).message}`,
        'wait for the other audit, or name another file',
      );
    }
  }

  /** Adds a night: all of it or nothing. `at` is a time as 2026-11-21T03:00:00Z. */
  async add({ tool, traces }: AuditReport, at: string): Promise<void> {
    await this.connection.run('begin');
    try {
      const [[night]] = await this.rows('select coalesce(max(night), 0) + 1 from nights');
      await this.insert('nights', [[night, at.replace(/Z$/, ''), tool]]);
      for (const trace of traces) if (trace.problem === null) await this.addTrace(Number(night), trace);
      await this.connection.run('commit');
    } catch (error) {
      await this.connection.run('rollback');
      throw error;
    }
  }

  /** Forgets nights before that time. */
  async retain(since: string): Promise<void> {
    for (const table of ['findings', 'metrics', 'seen']) {
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

  private async addTrace(night: number, trace: TraceResult): Promise<void> {
    const { path, findings, events, lost, metrics } = trace;
    const before = await this.rows(
      'select rule, id from seen where trace = $1 and night = (select max(night) from seen where trace = $1)',
      [path],
    );
    const last = new Map(before.filter(([, id]) => id !== '').map(([rule, id]) => [String(id), String(rule)]));
    const now = new Map(findings.map(({ id, rule }) => [id, rule]));
    const rules = [...new Set([...last.values(), ...now.values()])].sort();
    const count = (of: ReadonlyMap<string, string>, rule: string, keep: (id: string) => boolean) =>
      [...of].filter(([id, one]) => one === rule && keep(id)).length;
    await this.insert(
      'findings',
      rules.map(rule => [
        night,
        path,
        rule,
        count(now, rule, id => !last.has(id)),
        count(last, rule, id => !now.has(id)),
        count(now, rule, id => last.has(id)),
      ]),
    );
    // A trace without findings is known to have none.
    const seen = now.size === 0 ? [['', '']] : [...now].map(([id, rule]) => [rule, id]);
    await this.insert(
      'seen',
      seen.map(([rule, id]) => [night, path, rule, id]),
    );
    const values: Record<string, number | null | undefined> = { events, lost, ...metrics };
    await this.insert(
      'metrics',
      ALL_METRICS.map(({ name, unit, better }) => [night, path, name, unit, better, values[name] ?? null]),
    );
  }

  private async insert(table: string, rows: readonly (readonly unknown[])[]): Promise<void> {
    for (const row of rows) {
      const places = row.map((_, i) => `$${i + 1}`).join(', ');
      await this.connection.run(`insert into ${table} values (${places})`, [...row] as never);
    }
  }
}
