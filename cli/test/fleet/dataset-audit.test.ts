import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { openTraceSession, TraceSession } from '@p2mtrace/analyzers';
import { TraceReader } from '@p2mtrace/trace-format';
import { beforeAll, describe, expect, it } from 'vitest';
import { DATASET_TABLES, TRACE_PART } from '../../src/dataset/tables.js';
import { BIN, ended, fine, needsBuild, p2mtrace, start, tempDir } from '../support/cli.js';
import { ask, corpusCase, missingFiles, NIGHT, openHere, strayFiles } from '../support/datasets.js';

needsBuild();
const temp = tempDir();
const RULES = ['refcount.leak', 'use-after-unmap.stale-translation', 'lock-order.level'];
const ENDS = ['--no-history', '--fail-on', 'none', '--workers', '1', '-q'];
const audit = (folder: string, ...args: string[]) =>
  p2mtrace(['audit', folder, ...ENDS, '--reporter', 'json=r.json', ...args], { cwd: temp('.') });
const sql = (query: string) =>
  JSON.parse(fine(['sql', '--dataset', temp('ds'), query, '--format', 'json']).stdout).rows as Record<
    string,
    unknown
  >[];
const filesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(name => ({ name, stat: statSync(join(folder, name)) }))
    .filter(({ stat }) => stat.isFile())
    .map(({ name, stat }) => `${name} ${stat.ino} ${stat.mtimeMs}`)
    .sort();

/** Three traces of one night, in `in`, whose made traces are in the state folder. */
beforeAll(() => {
  mkdirSync(temp('in'));
  for (const rule of RULES) {
    copyFileSync(corpusCase(rule), temp(`in/${rule}.ndjson`));
    utimesSync(temp(`in/${rule}.ndjson`), NIGHT / 1000, NIGHT / 1000);
  }
  expect(audit('in', '--dataset', 'ds', '--host', `lab '1'`)).toMatchObject({ code: 0, stderr: '' });
});

describe('an audit with a dataset', () => {
  it('has the rows there that sql has of each trace', async () => {
    let rows = 0;
    for (const name of readdirSync(temp('.p2mtrace/traces')).filter(one => one.endsWith('.arrow'))) {
      const reader = TraceReader.open(temp(`.p2mtrace/traces/${name}`));
      const session = await openTraceSession(reader);
      const [[trace]] = await ask(
        temp('ds'),
        `select trace from recordings where source = '${reader.metadata.source}'`,
      );
      for (const { name: table, columns } of TRACE_PART) {
        const list = columns.map(column => `"${column.name}"`).join(', ');
        const one = (await session.runAll(`select ${list} from ${table}`)).rows.map(String).sort();
        const all = await ask(temp('ds'), `select ${list} from ${table} where trace = '${trace}'`);
        expect(all.map(String).sort(), table).toEqual(one);
        rows += one.length;
      }
      const view = 'select class, count(*) from lock_sites group by all order by all';
      expect(await ask(temp('ds'), view.replace('group', `where trace = '${trace}' group`))).toEqual(
        (await session.runAll(view)).rows,
      );
      await session.close();
      reader.close();
    }
    expect(rows).toBeGreaterThan(100);
  });

  it('has findings and occurrences as analyze says, with night, host and path', () => {
    for (const rule of RULES) {
      const path = temp(`in/${rule}.ndjson`);
      const { findings } = JSON.parse(fine(['analyze', path, '--format', 'json', '--fail-on', 'none', '-q']).stdout);
      const trace = `trace = (select trace from traces where path = 'in/${rule}.ndjson')`;
      const stored = sql(`select id, rule, signature, title, count from findings where ${trace} order by id`);
      const said = findings.map(({ id, rule, signature, title, count }: Record<string, unknown>) => ({
        id,
        rule,
        signature,
        title,
        count,
      }));
      expect(stored).toEqual(said.toSorted((a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)));
      const occurrences = sql(
        `select finding, subject, witness from occurrences where ${trace} order by finding, number`,
      );
      expect(
        occurrences.map(row => ({
          subject: JSON.parse(String(row.subject)),
          witness: JSON.parse(String(row.witness)),
        })),
      ).toEqual(
        findings
          .toSorted((a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1))
          .flatMap((finding: { occurrences: unknown[] }) => finding.occurrences),
      );
    }
    expect(sql('select distinct host, night from traces')).toEqual([{ host: `lab '1'`, night: '2026-11-29' }]);
  });

  it('writes nothing again that is there, and adds what is not, though it was judged before', () => {
    const before = filesBelow(temp('ds/facts'));
    expect(audit('in', '--dataset', 'ds').code).toBe(0);
    expect(filesBelow(temp('ds/facts'))).toEqual(before);
    expect(audit('in', '--dataset', 'ds2', '--host', 'lab2').code).toBe(0);
    expect(openHere(temp('ds2')).entries()).toHaveLength(RULES.length);
  });

  it('in shards adds what each of them judges', () => {
    for (const shard of ['1/2', '2/2']) {
      const { code, stderr } = p2mtrace(
        ['audit', 'in', '--workers', '1', '-q', '--shard', shard, '--dataset', 'shards', '--host', `lab '1'`],
        { cwd: temp('.') },
      );
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    }
    const rows = 'select rule, trace, host from findings order by all';
    expect(openHere(temp('shards')).entries()).toHaveLength(RULES.length);
    expect(JSON.parse(fine(['sql', '--dataset', temp('shards'), rows, '--format', 'json']).stdout).rows).toEqual(
      sql(rows),
    );
  });

  it('leaves its dataset out where it lies among the traces', () => {
    mkdirSync(temp('both'));
    copyFileSync(corpusCase('refcount.leak'), temp('both/leak.ndjson'));
    for (const _ of [1, 2]) expect(audit('both', '--dataset', 'both/ds').code).toBe(0);
    expect(JSON.parse(readFileSync(temp('r.json'), 'utf8')).passedOver).toEqual([
      { path: 'both/ds', why: 'the dataset' },
    ]);
  });
});

describe('two audits at once', () => {
  it('lose nothing and add nothing twice', async () => {
    const folders = ['left', 'right'];
    for (const [i, folder] of folders.entries()) {
      mkdirSync(temp(folder));
      copyFileSync(corpusCase('refcount.leak'), temp(`${folder}/leak.ndjson`));
      for (const rule of ['refcount.underflow', 'lock-order.level']) {
        copyFileSync(corpusCase(rule, i === 0 ? 'trace' : 'near-miss'), temp(`${folder}/${rule}.ndjson`));
      }
    }
    const children = folders.map(folder =>
      start([
        'audit',
        temp(folder),
        '--state',
        temp(`${folder}-state`),
        ...ENDS,
        '--host',
        'x',
        '--dataset',
        temp('at-once'),
        '--reporter',
        `json=${temp(`${folder}.json`)}`,
      ]),
    );
    const ends = await Promise.all(children.map(ended));
    expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
      { code: 0, stderr: '' },
      { code: 0, stderr: '' },
    ]);
    expect(await ask(temp('at-once'), 'select count(*), count(distinct content) from traces')).toEqual([[5n, 5n]]);
    expect(missingFiles(temp('at-once'))).toEqual([]);
    expect(strayFiles(temp('at-once'))).toEqual([]);
  });
});

describe('what goes wrong', () => {
  it.skipIf(process.platform === 'win32')('on a full disk leaves nothing half-written, and is told last', () => {
    rmSync(temp('.p2mtrace/results'), { recursive: true });
    // 512 bytes a block: results fit, some of the Parquet files do not.
    const limited = 'ulimit -f 6; exec "$@"';
    const args = ['audit', 'in', ...ENDS, '--dataset', 'full', '--reporter', 'pretty'];
    const { status, stdout, stderr } = spawnSync('sh', ['-c', limited, 'sh', process.execPath, BIN, ...args], {
      cwd: temp('.'),
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(/P2M_DATASET: \d traces? could not be added to full; in\/\S+: it can't be written/),
    });
    expect(stdout).toContain('refcount.leak');
    expect(missingFiles(temp('full'))).toEqual([]);
    expect(audit('in', '--dataset', 'full').code).toBe(0);
    expect(strayFiles(temp('full'))).toEqual([]);
    expect(openHere(temp('full')).entries()).toHaveLength(RULES.length);
  });

  it('is told where there is no dataset, a trace is named, or the query needs events', () => {
    const refused = (...args: string[]) => p2mtrace(['sql', ...args]).stderr;
    expect(refused('--dataset', temp('none'), 'select 1')).toContain('P2M_DATASET: ');
    expect(refused('--dataset', temp('ds'), 'trace.arrow', 'select 1')).toContain('P2M_USAGE');
    expect(refused('--dataset', temp('ds'), 'select count(*) from events')).toContain('a dataset has no table events');
    expect(refused()).toContain('P2M_USAGE: no trace is named');
  });

  it('is told by info, which says what there is', () => {
    expect(JSON.parse(fine(['dataset', 'info', temp('ds'), '--format', 'json']).stdout).rows).toMatchObject([
      { night: '2026-11-29', host: `lab '1'`, traces: 3, findings: 3 },
    ]);
    const [file] = readdirSync(temp('ds2/facts/findings/night=2026-11-29/host=lab2'));
    rmSync(temp(`ds2/facts/findings/night=2026-11-29/host=lab2/${file}`));
    const { code, stderr } = p2mtrace(['dataset', 'info', temp('ds2')]);
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('an audit adds them again') });
    expect(p2mtrace(['sql', '--dataset', temp('ds2'), 'from findings']).stderr).toContain('P2M_DATASET_CHANGED');
  });
});

describe('docs/fleet.md', () => {
  const page = readFileSync(new URL('../../../docs/fleet.md', import.meta.url), 'utf8');

  it('has a query for DuckDB that says what p2mtrace says', async () => {
    const [, query] = /DuckDB:\n\n```sql\n([\s\S]*?)```/.exec(page) ?? [];
    const session = await TraceSession.open({ files: true });
    const { rows } = await session.runAll(query.replace('fleet/', `${temp('ds')}/`));
    await session.close();
    expect(rows).toEqual([[`lab '1'`, 1n]]);
    expect(rows).toEqual(
      await ask(temp('ds'), `select host, count(*) from findings where rule = 'refcount.leak' group by host`),
    );
  });

  it('names all tables that a dataset has of its own', () => {
    for (const { name } of DATASET_TABLES.filter(table => !TRACE_PART.includes(table)))
      expect(page).toContain(`\`${name}\``);
  });
});
