import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { checkMetrics, exceededLimits, type OwnMetric } from '../../src/audit/own-metrics.js';
import { failed } from '../../src/audit/trace-result.js';
import { fine, needsBuild, p2mtrace, tempDir } from '../support/cli.js';
import { ask, corpusCase } from '../support/datasets.js';

needsBuild();
const temp = tempDir();
const METRIC: OwnMetric = { name: 'held', unit: 'locks', better: 'less', sql: 'select 1' };
const trace = (path: string, held: number | null) => ({ ...failed(path, null), metrics: { held } });

describe('limits', () => {
  const beyond = (better: OwnMetric['better'], limit: number | undefined) =>
    exceededLimits([trace('a', 9), trace('b', 10), trace('c', 11), trace('d', null)], [{ ...METRIC, better, limit }]);

  it('are passed on the side that is not better; what is not there is on neither', () => {
    expect(beyond('less', 10)).toEqual([
      { path: 'c', name: 'held', unit: 'locks', better: 'less', value: 11, limit: 10 },
    ]);
    expect(beyond('more', 10)).toEqual([
      { path: 'a', name: 'held', unit: 'locks', better: 'more', value: 9, limit: 10 },
    ]);
    expect(beyond('less', undefined)).toEqual([]);
    expect(exceededLimits([failed('e', null)], [{ ...METRIC, limit: 0 }])).toEqual([]);
  });

  it('need a direction, and metrics a name of their own', () => {
    const refusal = expect.objectContaining({ code: 'P2M_CONFIG' });
    expect(() => checkMetrics([{ ...METRIC, better: 'neither', limit: 1 }])).toThrow(refusal);
    expect(() => checkMetrics([METRIC, METRIC])).toThrow(refusal);
    expect(() => checkMetrics([{ ...METRIC, name: 'longest_hold' }])).toThrow(refusal);
    expect(() => checkMetrics([METRIC])).not.toThrow();
  });
});

describe('an audit with metrics of its own', () => {
  const SQL = 'select count(*) from lock_spans';
  const audit = (limit: number, sql = SQL, more = '') => {
    mkdirSync(temp('in'), { recursive: true });
    copyFileSync(corpusCase('lock-order.level', 'near-miss'), temp('in/clean.ndjson'));
    const metric = `{ name: 'sections', unit: 'sections', better: 'less', limit: ${limit}, sql: ${JSON.stringify(sql)}${more} }`;
    writeFileSync(temp('p2mtrace.config.mjs'), `export default { audit: { measures: [${metric}] } };\n`);
    const reporters = [
      'pretty',
      'json=r.json',
      'junit=r.xml',
      'github=r.txt',
      'markdown=r.md',
      'sarif=r.sarif',
      'html=r.html',
    ];
    return p2mtrace(
      ['audit', 'in', '--workers', '1', '-q', '--dataset', 'ds', ...reporters.flatMap(one => ['--reporter', one])],
      { cwd: temp('.'), env: { ...process.env, COLUMNS: '200' } },
    );
  };

  it('fails beyond a limit, says so everywhere, and keeps the number', async () => {
    const said = fine(['sql', corpusCase('lock-order.level', 'near-miss'), SQL, '--format', 'csv', '-q']).stdout;
    const count = Number(said.trim().split('\n')[1]);
    expect(count).toBeGreaterThan(0);
    const within = audit(count);
    expect({ code: within.code, stderr: within.stderr }).toEqual({ code: 0, stderr: '' });
    expect(within.stdout).not.toContain('its limit');
    const { code, stdout } = audit(count - 1);
    expect(code).toBe(1);
    const line = `sections is ${count} sections, above its limit of ${count - 1}`;
    expect(stdout).toContain(`in/clean.ndjson: ${line}`);
    for (const name of ['r.xml', 'r.txt', 'r.sarif', 'r.html'])
      expect(readFileSync(temp(name), 'utf8')).toContain(line);
    expect(readFileSync(temp('r.md'), 'utf8').replaceAll('\\', '')).toContain(line);
    expect(JSON.parse(readFileSync(temp('r.json'), 'utf8')).exceeded).toMatchObject([
      { name: 'sections', value: count },
    ]);
    expect(await ask(temp('ds'), `select value, unit from metrics where name = 'sections'`)).toEqual([
      [count, 'sections'],
    ]);
    const history = await DuckDBInstance.create(temp('.p2mtrace/history.duckdb'));
    const connection = await history.connect();
    const rows = await connection.runAndReadAll(`select value from metrics where name = 'sections' order by night`);
    connection.closeSync();
    history.closeSync();
    expect(rows.getRowsJS()).toEqual([[count], [count]]);
  });

  it('has no such number where its events were not recorded', () => {
    expect(audit(-1, SQL, `, needs: 'sched_switch'`).code).toBe(0);
    expect(JSON.parse(readFileSync(temp('r.json'), 'utf8')).traces[0].metrics.sections).toBeNull();
  });

  it.each(['select nonsense from lock_spans', 'select 1, 2', `select 'much'`, 'from range(2)'])(
    'names a metric that is none: %s',
    sql => {
      const { code, stdout } = audit(1, sql);
      expect({ code, stdout }).toEqual({ code: 3, stdout: expect.stringMatching(/P2M_METRIC: the .*metric sections/) });
    },
  );
});
