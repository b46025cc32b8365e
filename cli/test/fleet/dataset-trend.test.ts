import { beforeAll, describe, expect, it } from 'vitest';
import type { JudgedTrace } from '../../src/dataset/add-trace.js';
import { tempDir } from '../support/cli.js';
import { add, corpusTrace, DAY, judgedTrace, NIGHT } from '../support/datasets.js';
import { runHere } from '../support/in-process.js';

const temp = tempDir();
const trend = async (...args: string[]) => runHere(['trend', '--dataset', temp('ds'), ...args]);
const parts = async (...args: string[]) => JSON.parse((await trend('--format', 'json', ...args)).stdout);

/** Two nights: lab1 has a leak and then something else, lab2 nothing and then the leak, lab3 only the last night. */
beforeAll(async () => {
  const leak = await judgedTrace(await corpusTrace('refcount.leak', temp('leak.arrow')));
  const stale = await judgedTrace(await corpusTrace('use-after-unmap.stale-translation', temp('stale.arrow')));
  const clean = { ...leak, judgement: { ...leak.judgement, findings: [] } };
  const traces: readonly [JudgedTrace, host: string | undefined, night: number, events: number][] = [
    [leak, 'lab1', 0, 10],
    [stale, 'lab1', 1, 30],
    [clean, 'lab2', 0, 100],
    [leak, 'lab2', 1, 100],
    [leak, undefined, 1, 5],
  ];
  for (const [i, [judged, host, night, events]] of traces.entries()) {
    const content = `content-${i}`;
    const written = NIGHT + night * DAY;
    await add(temp('ds'), {
      ...judged,
      content,
      key: content,
      host,
      written,
      judgement: { ...judged.judgement, events },
    });
  }
});

describe('the trend of a dataset', () => {
  it('counts what nights have, and what is there for the first time', async () => {
    expect((await parts()).nights).toEqual([
      { night: '2026-11-29', traces: 2, hosts: 2, 'with findings': 1, findings: 1, new: 1 },
      { night: '2026-11-30', traces: 3, hosts: 3, 'with findings': 3, findings: 2, new: 1 },
    ]);
  });

  it('says where and when each finding was seen, and on which hosts it is new', async () => {
    const { findings } = await parts();
    const common = { severity: 'error', versions: ['unknown'], 'last seen': '2026-11-30' };
    expect(findings).toMatchObject([
      {
        rule: 'refcount.leak',
        ...common,
        traces: 3,
        hosts: 3,
        'first seen': '2026-11-29',
        'new on': ['lab2'],
        trend: [1, 2],
      },
      {
        rule: 'use-after-unmap.stale-translation',
        ...common,
        ...{ traces: 1, hosts: 1, 'first seen': '2026-11-30', 'new on': ['lab1'], trend: [0, 1] },
      },
    ]);
    const [leak] = (await parts('--nights', '1')).findings;
    expect(leak).toMatchObject({ traces: 2, 'first seen': '2026-11-29', 'new on': ['lab2'], trend: [2] });
  });

  it('has hosts, the unknown one too', async () => {
    const row = (host: string | null, counts: readonly number[]) => {
      const [nights, traces, some, findings, fresh] = counts;
      const rest = { 'with findings': some, findings, new: fresh, 'last night': '2026-11-30' };
      return { host, 'xen version': null, nights, traces, ...rest };
    };
    expect((await parts()).hosts).toEqual([
      row('lab1', [2, 2, 2, 2, 1]),
      row('lab2', [2, 2, 1, 1, 1]),
      row(null, [1, 1, 1, 1, 0]),
    ]);
  });

  it('has medians of hosts, and how far they lie apart', async () => {
    expect((await parts()).metrics).toEqual([
      {
        ...{
          metric: 'events',
          unit: 'events',
          better: 'neither',
          hosts: 3,
          least: 5,
          'least at': 'unknown',
          median: 20,
        },
        ...{ most: 100, 'most at': 'lab2', trend: [55, 30] },
      },
    ]);
  });

  it('is a table for people', async () => {
    const { code, stdout } = await trend();
    expect(code).toBe(0);
    expect(stdout.split('\n\n')).toHaveLength(4);
    expect(stdout).toMatch(/refcount\.leak.* lab2 +▁█/);
    expect((await trend('--trace', 'x')).stderr).toContain('P2M_USAGE');
    expect((await runHere(['trend', '--dataset', temp('none')])).stderr).toContain('P2M_DATASET: ');
  });
});
