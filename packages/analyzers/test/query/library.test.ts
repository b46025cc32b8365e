import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTraceSession, readModules, standardLibrary, TRACE_TABLES, type TraceSession } from '../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-library-'));
const EVENTS = [
  { kind: 'lock_acquire', tsc: 100, pcpu: 0, lock: '0xa', lock_class: 'p2m', mode: 'write', symbol: 'p2m_set_entry' },
  { kind: 'set_entry', tsc: 110, pcpu: 0, domid: 1, gfn: '0x200', mfn: '0x1000', order: 9, p2m_type: 'ram_rw' },
  { kind: 'lock_wait', tsc: 115, pcpu: 1, lock: '0xa', lock_class: 'p2m', level: 16, mode: 'write' },
  { kind: 'lock_release', tsc: 130, pcpu: 0, lock: '0xa', lock_class: 'p2m', level: 16, mode: 'write', depth: 0 },
  { kind: 'lock_acquire', tsc: 135, pcpu: 1, lock: '0xa', lock_class: 'p2m', level: 16, mode: 'write', depth: 1 },
  { kind: 'page_alloc', tsc: 140, pcpu: 1, mfn: '0x1001', owner: 1, order: 0, count_info: '0x8000000000000001' },
  { kind: 'get_page', tsc: 150, pcpu: 1, mfn: '0x1001', owner: 1, count_info: '0x8000000000000002' },
  { kind: 'put_page', tsc: 170, pcpu: 1, mfn: '0x1001', count_info: '0x8000000000000001' },
  { kind: 'lock_release', tsc: 185, pcpu: 1, lock: '0xa', lock_class: 'p2m', level: 16, mode: 'write', depth: 0 },
];

const readers: TraceReader[] = [];
let one: TraceSession;
let two: TraceSession;

beforeAll(async () => {
  for (const name of ['a', 'b']) {
    const path = join(folder, `${name}.ndjson`);
    // The second trace has the first two events only.
    const events = name === 'a' ? EVENTS : EVENTS.slice(0, 2);
    writeFileSync(path, events.map(event => `${JSON.stringify(event)}\n`).join(''));
    await importNdjson(path, path, join(folder, `${name}.arrow`));
    readers.push(TraceReader.open(join(folder, `${name}.arrow`)));
  }
  one = await openTraceSession(readers[0]);
  two = await openTraceSession(readers, { modules: readModules(join(import.meta.dirname, '../../../../samples/sql')) });
});
afterAll(async () => {
  await one.close();
  await two.close();
  for (const reader of readers) reader.close();
  rmSync(folder, { recursive: true });
});

const rows = async (sql: string, session = one) => (await session.runAll(sql)).rows;

describe('as of an event', () => {
  it('an entry is there from its set_entry on, with all its frames', async () => {
    expect(await rows('select hex(gfn), hex(mfn), "order" from p2m_at(1)')).toEqual([['0x200', '0x1000', 9]]);
    expect(await rows('from p2m_at(0)')).toEqual([]);
    expect(await rows('select from_seq from gfn_at(1, 0x3ff, 5)')).toEqual([[1n]]);
    expect(await rows('from gfn_at(1, 0x400, 5)')).toEqual([]);
  });

  it('a page has the references that were taken and not put', async () => {
    for (const [seq, refs] of [
      [5, 1n],
      [6, 2n],
      [7, 1n],
    ]) {
      expect(await rows(`select refs from page_at(0x1001, ${seq})`), `seq ${seq}`).toEqual([[refs]]);
    }
  });

  it('locks are held from acquire to release', async () => {
    expect(await rows('select pcpu, lock, class from locks_held_at(1)')).toEqual([[0, '0xa', 'p2m']]);
    expect(await rows('from locks_held_at(3)')).toEqual([]);
    expect(await rows('select pcpu from locks_held_at(8)')).toEqual([]);
  });

  it('an event without a call site has that of the innermost lock held', async () => {
    expect(await rows('select seq, event_site(symbol, caller, pcpu, seq) from events where seq in (0, 1, 5)')).toEqual([
      [0n, 'p2m_set_entry'],
      [1n, 'p2m_set_entry (took the lock that was held)'],
      [5n, null],
    ]);
  });
});

it('lock_stat sums up waits and holds', async () => {
  // Held 100–130 and 135–185; waited 115–135.
  expect(
    await rows('select class, contentions, wait_max, acquisitions, hold_min, hold_max, hold_total from lock_stat'),
  ).toEqual([['p2m', 1n, 20n, 2n, 30n, 50n, 80n]]);
});

it('contentions are null where no waiting was recorded, in any trace', async () => {
  // Trace b has the first two events only: an acquisition, and nothing about waiting.
  expect(await rows('select trace, contentions from lock_stat order by trace', two)).toEqual([
    ['a.arrow', 1n],
    ['b.arrow', null],
  ]);
});

it('percentiles of waits and holds are values that occurred', async () => {
  expect(await rows('select what, spans, p50, p90, longest from lock_percentiles order by what')).toEqual([
    ['hold', 2n, 30n, 50n, 50n],
    ['wait', 1n, 20n, 20n, 20n],
  ]);
});

describe('seconds', () => {
  it('count from the first TSC of the trace, by its frequency', async () => {
    const clocked = await openTraceSession(readers[0], { tscHz: 10 });
    const sql = 'select seconds(tsc), seconds_at(8), tick_seconds(5) from events where seq = 3';
    expect(await rows(sql, clocked)).toEqual([[3, 8.5, 0.5]]);
    await clocked.close();
  });

  it('are unknown without one, and of several traces each has its own', async () => {
    expect(await rows('select seconds(tsc) from events where seq = 3')).toEqual([[null]]);
    const clocked = await openTraceSession(readers, { tscHz: 10 });
    const sql = 'select trace, seconds(tsc, trace), tick_seconds(20, trace) from events where seq = 1 order by trace';
    expect(await rows(sql, clocked)).toEqual([
      ['a.arrow', 1, 2],
      ['b.arrow', 1, 2],
    ]);
    await clocked.close();
  });
});

it.each([
  ['[0,5) and [5,9)', 'overlap(0, 5, 5, 9)', false],
  ['[0,6) and [5,9)', 'overlap(0, 6, 5, 9)', true],
  ['before the trace to 5, and [4, end)', 'overlap(null, 5, 4, null)', true],
])('%s', async (_, call, expected) => {
  expect(await rows(`select ${call}`)).toEqual([[expected]]);
});

it('every view can be read, in one trace and in several', async () => {
  for (const { name, usage } of standardLibrary().flatMap(module => module.definitions)) {
    if (usage.includes('(')) continue;
    await one.runAll(`from ${name} limit 1`);
    await two.runAll(`from ${name} limit 1`);
  }
});

it('tables of several traces say which they are from', async () => {
  expect(await rows('select trace, count(*) from events group by all order by 1', two)).toEqual([
    ['a.arrow', 9n],
    ['b.arrow', 2n],
  ]);
  for (const { name } of TRACE_TABLES)
    expect((await two.runAll(`from ${name} limit 0`)).columns.at(-1)?.name).toBe('trace');
  expect(await rows('select trace, class from lock_sites order by 1', two)).toContainEqual(['b.arrow', 'p2m']);
});

it('a module of one’s own may use the library', async () => {
  expect(await rows('from foreign_pages', two)).toEqual([]);
});

it('a module with anything but definitions is refused, with the place', () => {
  const path = join(folder, 'bad.sql');
  writeFileSync(path, 'create view v as select 1;\ndrop table x;');
  expect(() => readModules(path)).toThrow(/bad\.sql: statement 2 defines nothing: drop table x/);
  expect(() => readModules(join(folder, 'nowhere'))).toThrow(/can't be read/);
});
