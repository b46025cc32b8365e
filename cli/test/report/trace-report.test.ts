import { analyzeTrace, openTraceSession, type TraceSession } from '@p2mtrace/analyzers';
import { describe, expect, it } from 'vitest';
import { ticksText } from '../../src/render/ticks.js';
import { lostWindowsOf, occupancyOf, referenceHeatOf, ticksOf } from '../../src/report/chart-data.js';
import { hexTicks } from '../../src/report/charts.js';
import { edgeKey, inCircles, lockGraphOf } from '../../src/report/lock-graph.js';
import { lockGraphSvg } from '../../src/report/lock-graph-svg.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();

async function ask<T>(
  events: readonly object[],
  read: (session: TraceSession, rows: number) => Promise<T>,
): Promise<T> {
  const reader = await traceOf(events);
  const session = await openTraceSession(reader);
  return read(session, reader.rows).finally(() => session.close());
}

const entry = (domid: number, gfn: number, order: number, p2m_type: string, mfn?: number) => ({
  ...{ kind: 'set_entry', pcpu: 0, domid, gfn, order, p2m_type },
  ...(mfn === undefined ? {} : { mfn }),
});
const lock = (kind: string, pcpu: number, lock_class: string, tsc: number) => ({
  ...{ kind, pcpu, tsc, lock_class, lock: lock_class === 'pod' ? '0xffff830000002000' : '0xffff830000001000' },
  ...{ mode: 'write', depth: 1 },
});

it('counts the frames of each type and domain from event to event', async () => {
  const points = await ask(
    [
      entry(1, 0x200, 9, 'populate_on_demand'),
      entry(2, 0x10, 0, 'ram_rw', 0x900),
      entry(1, 0x200, 9, 'ram_rw', 0x400),
      entry(1, 0x203, 0, 'invalid'),
      entry(2, 0x10, 0, 'invalid'),
    ],
    occupancyOf,
  );
  const series = (domid: number, type: string) =>
    points.filter(point => point.domid === domid && point.type === type).map(({ frames }) => frames);
  expect(series(1, 'populate_on_demand')).toEqual([512, 512, 0, 0, 0]);
  expect(series(1, 'ram_rw')).toEqual([0, 0, 512, 511, 511]);
  expect(series(2, 'ram_rw')).toEqual([0, 1, 1, 1, 0]);
});

it('counts references where they were taken, and the allocation is none', async () => {
  const get = { kind: 'get_page', pcpu: 0, mfn: '0x100', owner: 1 };
  const cells = await ask(
    [{ kind: 'page_alloc', pcpu: 0, mfn: '0x100', order: 0, owner: 1 }, get, get, { ...get, mfn: '0x500' }],
    referenceHeatOf,
  );
  expect(cells.reduce((sum, { refs }) => sum + refs, 0)).toBe(3);
  for (const { mfn, mfnEnd } of cells) expect([0x100, 0x500].some(taken => mfn <= taken && taken < mfnEnd)).toBe(true);
});

it('has ticks of frames at round hex numbers', () => {
  expect(hexTicks(0xa1234, 0x123456).map(mfn => mfn.toString(16))).toEqual(['c0000', 'e0000', '100000', '120000']);
  expect(hexTicks(5, 7)).toEqual([5, 6, 7]);
});

it('bins holds by doubling ticks', async () => {
  const held = (from: number, ticks: number) => [
    lock('lock_acquire', 0, 'p2m', from),
    lock('lock_release', 0, 'p2m', from + ticks),
  ];
  const bins = await ask([...held(1000, 8), ...held(2000, 15), ...held(3000, 16)], session => ticksOf(session, 'hold'));
  expect(bins).toEqual([
    { name: 'p2m', bin: 3, spans: 2 },
    { name: 'p2m', bin: 4, spans: 1 },
  ]);
});

it('bins waits from lock_wait to lock_acquire', async () => {
  const events = [
    lock('lock_wait', 0, 'p2m', 100),
    lock('lock_acquire', 0, 'p2m', 132),
    lock('lock_acquire', 0, 'pod', 140),
  ];
  expect(await ask(events, session => ticksOf(session, 'wait'))).toEqual([{ name: 'p2m', bin: 5, spans: 1 }]);
});

it('tells where records were lost', async () => {
  const lost = { kind: 'lost', pcpu: 1, tsc: 500, count: 7, first_tsc: 300 };
  expect(await ask([lost], lostWindowsOf)).toEqual([{ seq: 0, pcpu: 1, records: 7, ticks: 200 }]);
});

describe('the lock graph', () => {
  const cycle = [
    lock('lock_acquire', 0, 'grant_table', 1),
    lock('lock_acquire', 0, 'pod', 2),
    lock('lock_release', 0, 'pod', 3),
    lock('lock_release', 0, 'grant_table', 4),
    lock('lock_acquire', 1, 'pod', 5),
    lock('lock_acquire', 1, 'grant_table', 6),
  ];

  it('marks the edges of a circle, with the rules that say so', async () => {
    const reader = await traceOf(cycle);
    const { findings } = await analyzeTrace(reader);
    const { edges, of } = await ask(cycle, session => lockGraphOf(session, findings));
    expect(of).toBe(2);
    expect(edges.map(({ held, acquired, count, firstSeq }) => [held, acquired, count, firstSeq]).sort()).toEqual([
      ['grant_table', 'pod', 1, 1],
      ['pod', 'grant_table', 1, 5],
    ]);
    for (const { bad } of edges) expect(bad).toEqual(['lock-order.predicted-deadlock', 'part of a circle']);
  });

  it('marks the edge that a finding accuses by its witnesses', async () => {
    const nested = [
      { ...lock('lock_acquire', 0, 'pod', 1), level: 48 },
      { ...lock('lock_acquire', 0, 'p2m', 2), level: 16 },
    ];
    const { findings } = await analyzeTrace(await traceOf(nested), { only: ['lock-order.level'] });
    const { edges } = await ask(nested, session => lockGraphOf(session, findings));
    expect(edges).toEqual([{ held: 'pod', acquired: 'p2m', count: 1, firstSeq: 1, bad: ['lock-order.level'] }]);
    const { text } = lockGraphSvg(edges, 'g');
    expect(text).toContain('<g class="bad"><title>p2m taken under pod 1 times, first by #1: lock-order.level</title>');
  });

  it('knows a circle from a path that leads to it, and from a class inside of itself', () => {
    const pairs = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'b'],
      ['a', 'a'],
    ] as const;
    expect([...inCircles(pairs)].sort()).toEqual([edgeKey('b', 'c'), edgeKey('c', 'b')]);
  });

  it('escapes names', () => {
    const { text } = lockGraphSvg([{ held: '<a>', acquired: 'b', count: 1, firstSeq: 0, bad: [] }], 'g');
    expect(text).toContain('&lt;a&gt;');
    expect(text).not.toContain('<a>');
  });
});

it.each([
  [2500, 2.5e9, '1 µs'],
  [1, 2.5e9, '0.4 ns'],
  [5e9, 2.5e9, '2 s'],
  [1024, undefined, '1.02k'],
  [7, undefined, '7'],
])('writes %d ticks at %s Hz as %s', (ticks, hz, text) => {
  expect(ticksText(ticks, hz)).toBe(text);
});
