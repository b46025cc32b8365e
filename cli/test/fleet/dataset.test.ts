import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TraceSession } from '@p2mtrace/analyzers';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JudgedTrace } from '../../src/dataset/add-trace.js';
import { compact } from '../../src/dataset/compact.js';
import { Dataset } from '../../src/dataset/dataset.js';
import { tableFile } from '../../src/dataset/dataset-folder.js';
import { hostName, partitionOf, partitionPath, traceName } from '../../src/dataset/names.js';
import { prune } from '../../src/dataset/prune.js';
import { DATASET_TABLES } from '../../src/dataset/tables.js';
import { tempDir } from '../support/cli.js';
import {
  add,
  allRows,
  ask,
  callsOf,
  corpusTrace,
  DAY,
  judgedTrace,
  killedAt,
  missingFiles,
  NIGHT,
  openHere,
  strayFiles,
} from '../support/datasets.js';

const temp = tempDir();
let leak: JudgedTrace;
let stale: JudgedTrace;
let level: JudgedTrace;
const names = (path: string) => ask(path, 'select path, host, night from traces order by all');

beforeAll(async () => {
  leak = await judgedTrace(await corpusTrace('refcount.leak', temp('leak.arrow')));
  stale = await judgedTrace(await corpusTrace('use-after-unmap.stale-translation', temp('stale.arrow')), {
    host: 'lab2',
  });
  level = await judgedTrace(await corpusTrace('lock-order.level', temp('level.arrow')), { written: NIGHT + DAY });
});

/** A dataset with some traces. */
async function made(name: string, ...traces: readonly JudgedTrace[]): Promise<string> {
  for (const one of traces) await add(temp(name), one);
  return temp(name);
}

describe('a trace that is added again', () => {
  it('with the same settings stays as it is, whatever its path', async () => {
    const path = await made('same', leak, stale);
    const before = await allRows(path);
    await add(path, {
      ...leak,
      judgement: { ...leak.judgement, path: '/elsewhere/other.arrow' },
      written: NIGHT + DAY,
    });
    expect(await allRows(path)).toEqual(before);
  });

  it('with others takes the place of what was there, in its night and host or not', async () => {
    const path = await made('again', leak, stale);
    const clean = { ...leak.judgement, findings: [] };
    await add(path, { ...leak, key: `${leak.key}1`, judgement: clean });
    expect(await ask(path, `select count(*) from findings where rule = 'refcount.leak'`)).toEqual([[0n]]);
    await add(path, { ...leak, key: `${leak.key}2`, host: 'lab3', written: NIGHT + 2 * DAY });
    expect(await names(path)).toEqual([
      [temp('leak.arrow'), 'lab3', '2026-12-01'],
      [temp('stale.arrow'), 'lab2', '2026-11-29'],
    ]);
    expect(await ask(path, 'select rule, count from findings order by all')).toEqual([
      ['refcount.leak', 1n],
      ['use-after-unmap.stale-translation', 1n],
    ]);
    expect(strayFiles(path)).toEqual([]);
  });

  it('is written again where a file of it is missing', async () => {
    const path = await made('healed', leak);
    const before = await allRows(path);
    const [{ partition, entry }] = openHere(path).entries();
    writeFileSync(join(path, tableFile('ref_spans', partition, entry.file)), '');
    await add(path, leak);
    expect(await allRows(path)).toEqual(before);
  });
});

describe('a writer that is killed', () => {
  it('leaves all of a trace or nothing, and the next one cleans up', async () => {
    const path = await made('killed', leak);
    const replaced = { ...leak, key: `${leak.key}1`, judgement: { ...leak.judgement, findings: [] } };
    const before = await allRows(path);
    await add(await made('other', leak), replaced);
    const after = await allRows(temp('other'));
    const seen = new Set<string>();
    const steps = 14;
    const last = await callsOf(() => add(path, replaced));
    await add(path, leak);
    for (let step = 0; step <= steps; step++) {
      await killedAt(Math.round((last * step) / steps), () => add(path, replaced));
      const rows = await allRows(path);
      seen.add(JSON.stringify(rows));
      expect([before, after]).toContainEqual(rows);
      expect(missingFiles(path)).toEqual([]);
      await openHere(path).tidy();
      expect(strayFiles(path)).toEqual([]);
      await add(path, leak);
    }
    expect(await allRows(path)).toEqual(before);
    expect(seen.size).toBe(2);
  });

  it('in the middle of removing a night leaves each host as a whole', async () => {
    const path = await made('half-pruned', leak, stale, level);
    const isDead = await killedAt(20, async () => {
      await prune(
        Dataset.open(path, () => undefined),
        '2026-11-30',
      );
    });
    expect(isDead).toBe(true);
    expect(missingFiles(path)).toEqual([]);
    expect(
      await prune(
        Dataset.open(path, () => undefined),
        '2026-11-30',
      ),
    ).toEqual([]);
    expect(strayFiles(path)).toEqual([]);
    expect(await names(path)).toEqual([[temp('level.arrow'), 'lab1', '2026-11-30']]);
  });
});

describe('compact', () => {
  it('changes no answer, and traces can still be replaced and nights removed', async () => {
    const path = await made('compact', { ...leak, host: 'lab2' }, stale, level);
    const before = await allRows(path);
    const done: string[] = [];
    await compact(openHere(path), 2, ({ partition }) => done.push(partition));
    expect(done).toEqual(['night=2026-11-29/host=lab2']);
    expect(readdirSync(join(path, 'facts/traces/night=2026-11-29/host=lab2'))).toHaveLength(1);
    expect(await allRows(path)).toEqual(before);
    expect(strayFiles(path)).toEqual([]);

    await add(path, { ...leak, host: 'lab2', key: `${leak.key}1`, judgement: { ...leak.judgement, findings: [] } });
    expect(await ask(path, 'select rule from findings order by all')).toEqual([
      ['lock-order.level'],
      ['use-after-unmap.stale-translation'],
    ]);
    const others = (rows: Awaited<ReturnType<typeof allRows>>) =>
      Object.entries(rows).map(([table, all]) => [table, all.filter(row => !row.includes('| leak.arrow-'))]);
    expect(others(await allRows(path))).toEqual(others(before));
    expect(await prune(openHere(path), '2026-11-30')).toEqual(['2026-11-29']);
    expect(await names(path)).toEqual([[temp('level.arrow'), 'lab1', '2026-11-30']]);
    expect(strayFiles(path)).toEqual([]);
  });

  it('leaves rows in an order in which readers can skip row groups', async () => {
    const path = await made('sorted', leak, { ...stale, host: 'lab1' });
    await compact(openHere(path), 2, () => undefined);
    const [{ partition, entry }] = openHere(path).entries();
    const session = await TraceSession.open({ files: true });
    const file = join(path, tableFile('mapping_spans', partition, entry.file));
    const { rows } = await session.runAll(`select domid, gfn, mfn from read_parquet('${file}')`);
    const stored = await session.runAll(
      `select path_in_schema from parquet_metadata('${file}') where stats_min_value is not null and compression = 'ZSTD'`,
    );
    await session.close();
    // Nulls are last.
    const key = (row: readonly unknown[]) => row.map(value => (value === null ? 2 ** 60 : Number(value)));
    const isBefore = (a: readonly number[], b: readonly number[]) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
    expect(rows.map(key)).toEqual(rows.map(key).toSorted(isBefore));
    expect(rows.length).toBeGreaterThan(1);
    expect(stored.rows.flat()).toEqual(expect.arrayContaining(['domid', 'gfn', 'mfn']));
  });
});

describe('names', () => {
  const HOSTILE = [
    '../../etc',
    '..',
    '.',
    'a/b',
    'a=b',
    'é😀',
    `o'brien "x"`,
    '__HIVE_DEFAULT_PARTITION__',
    '%2F',
    ' ',
    'x'.repeat(500),
    '😀'.repeat(90),
    '\0',
    '_x',
    'a\nb',
  ];

  it.each(HOSTILE)('of a host stay inside, and are told as they are: %j', async host => {
    const name = `hostile-${Buffer.from(host).toString('hex').slice(0, 20)}`;
    const path = await made(name, { ...leak, host });
    const [[found]] = await ask(path, 'select host from findings');
    expect(found).toBe(hostName(host));
    expect(
      await ask(path, `select count(*) from lock_classes where host = '${hostName(host)?.replaceAll("'", "''")}'`),
    ).toEqual(await ask(path, 'select count(*) from lock_classes'));
    expect(strayFiles(path)).toEqual([]);
    expect(readdirSync(join(path, 'facts/traces/night=2026-11-29'))).toHaveLength(1);
  });

  it('of a trace are those of a file', () => {
    expect(traceName('/x/../..', 'abc')).toBe('trace-abc');
    expect(traceName(`/x/a=b'é .arrow`, 'abcdefabcdefabcdef')).toBe('a_b___.arrow-abcdefabcdef');
    expect(traceName(`/x/${'y'.repeat(300)}`, 'abc')).toHaveLength(68);
  });

  it('of partitions are read as they were written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), text => {
        const host = hostName(text);
        const path = partitionPath({ night: '2026-11-29', host });
        expect(path).toMatch(/^night=2026-11-29\/host=[^/]+$/);
        expect(Buffer.byteLength(path)).toBeLessThan(220);
        expect(partitionOf(path)).toEqual({ night: '2026-11-29', host });
      }),
    );
  });
});

describe('the schema', () => {
  const dataset = () => made('schema', leak);

  it('of a newer version is refused', async () => {
    const path = await dataset();
    const head = join(path, 'dataset.json');
    const text = readFileSync(head, 'utf8');
    writeFileSync(head, text.replace('"schema":1', '"schema":2'));
    for (const work of [() => Dataset.open(path, () => undefined), () => openHere(path)]) {
      expect(work).toThrow(expect.objectContaining({ code: 'P2M_DATASET_SCHEMA', remedy: expect.any(String) }));
    }
    writeFileSync(head, text);
  });

  it('of an older one is read by the names of columns, and what it lacks is null', async () => {
    const path = await dataset();
    const before = await ask(path, 'select id, rule, mechanism from findings');
    expect(before).toEqual([[expect.any(String), 'refcount.leak', expect.any(String)]]);
    const [{ partition, entry }] = openHere(path).entries();
    const file = join(path, tableFile('findings', partition, entry.file));
    // As an older version would have written it: another order, no mechanism, and a column that is no more.
    const session = await TraceSession.open({ files: true });
    await session.define(
      `copy (select 'x' as gone, rule, * exclude (rule, mechanism, host), host from read_parquet('${file}', hive_partitioning = false)) to '${file}.old' (format parquet)`,
    );
    await session.close();
    const old = { ...entry, file: 'old', shape: 'older', traces: [{ trace: 'old', content: 'old', key: 'old' }] };
    await openHere(path).change(async () => ({
      parts: new Map([[partition, [entry, { ...old, tables: { findings: entry.tables.findings } }]]]),
      added: [{ from: `${file}.old`, to: tableFile('findings', partition, 'old') }],
    }));
    const [id, rule] = before[0];
    expect(await ask(path, 'select id, rule, mechanism from findings order by mechanism nulls last')).toEqual([
      ...before,
      [id, rule, null],
    ]);
    await compact(openHere(path), 2, () => undefined);
    expect(await ask(path, 'select id, rule, mechanism from findings order by mechanism nulls last')).toEqual([
      ...before,
      [id, rule, null],
    ]);
  });
});

describe('tables', () => {
  it('have the columns and types that docs/facts.md says, in files and in queries', async () => {
    const page = readFileSync(new URL('../../../docs/facts.md', import.meta.url), 'utf8');
    const said = (section: string) =>
      [...section.matchAll(/^\| `(\w+)` +\| (\w+) +\|/gm)].map(
        ([, name, type]) => `${name} ${type.replace('ENUM', 'VARCHAR')}`,
      );
    const documented = new Map(
      page
        .split(/^### /m)
        .slice(1)
        .map(section => [section.slice(0, section.indexOf('\n')), said(section)]),
    );
    const common = said(/^## Datasets$([\s\S]*?)^### /m.exec(page)?.[1] ?? '');
    expect(common).toHaveLength(4);
    const path = await made('tables', leak);
    const [{ partition, entry }] = openHere(path).entries();
    for (const { name } of DATASET_TABLES) {
      const columns = [...new Set([...(documented.get(name) ?? []), ...common])].sort();
      const view = await ask(path, `describe ${name}`);
      expect(view.map(([column, type]) => `${column} ${type}`).sort(), name).toEqual(columns);
      if (entry.tables[name] === undefined) continue;
      const file = join(path, tableFile(name, partition, entry.file));
      const stored = await ask(path, `describe from read_parquet('${file}', hive_partitioning = false)`);
      expect(stored.map(([column, type]) => `${column} ${type}`).sort(), name).toEqual(
        columns.filter(one => one !== 'night DATE'),
      );
    }
  });
});

describe('statements', () => {
  it.each([
    `copy (select 1) to 'FILE'`,
    `explain analyze copy (select 1) to 'FILE'`,
    `prepare p as copy (select 1) to 'FILE'; execute p`,
    `attach 'FILE' as d`,
    `export database 'FILE'`,
    `-- it's fine\ncopy (select 1) to 'FILE'`,
  ])('write nothing into the dataset: %s', async sql => {
    const path = await made('written', leak);
    const file = join(path, 'facts/evil.parquet');
    await expect(ask(path, sql.replace('FILE', file))).rejects.toMatchObject({ code: 'P2M_SQL' });
    expect(strayFiles(path)).toEqual([]);
  });

  it('read nothing else, and may speak of copying', async () => {
    const path = await made('written', leak);
    await expect(ask(path, `from read_text('${temp('leak.arrow')}')`)).rejects.toMatchObject({ code: 'P2M_SQL' });
    expect(await ask(path, `select count(*) from findings where title like '%copy%'`)).toEqual([[0n]]);
  });
});
