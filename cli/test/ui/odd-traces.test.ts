import { writeFileSync } from 'node:fs';
import type { Head, Point, Table, WhatIf } from '@p2mtrace/ui';
import { beforeAll, describe, expect, it } from 'vitest';
import { fine, needsBuild, p2mtrace, tempDir } from '../support/cli.js';
import { mapCells } from '../support/map-cells.js';
import { uiServers } from '../support/ui-server.js';

needsBuild();
const temp = tempDir();
const serve = uiServers();
let url = '';

const lock = { pcpu: 0, mode: 'write', depth: 1, lock: '0xffff830120101010', lock_class: '--help', level: 16 };
const entry = (domid: number, gfn: number) => ({
  kind: 'set_entry',
  pcpu: 0,
  domid,
  gfn: `0x${gfn.toString(16)}`,
  mfn: '0x900',
  order: 0,
  p2m_type: 'ram_rw',
});
const EVENTS = [
  { p2mtrace: 1, layout: 'P6' },
  { ...lock, kind: 'lock_acquire', tsc: '1000' },
  entry(1, 0x10),
  // A domain that comes and goes between two of the points at which anybody looks at the whole state.
  { kind: 'domain_create', pcpu: 0, domid: 7 },
  entry(7, 0x9_0000),
  { kind: 'domain_destroy', pcpu: 0, domid: 7 },
  // And an entry that is not there for long.
  entry(1, 0x4_0000),
  { ...entry(1, 0x4_0000), p2m_type: 'invalid', mfn: undefined },
  ...Array.from({ length: 72 }, (_, i) => entry(1, 0x11 + i)),
  { kind: 'snapshot', mfn: '0x1005', count_info: '0x8000000000000003', type_info: '0x0', owner: 1 },
  { kind: 'snapshot', mfn: '0x2006', count_info: '0x8000000000400001', type_info: '0x0', owner: 1 },
  { ...lock, kind: 'lock_release', tsc: '18446744073709551615' },
];

beforeAll(async () => {
  writeFileSync(temp('-odd.ndjson'), EVENTS.map(event => `${JSON.stringify(event)}\n`).join(''));
  fine(['import', temp('-odd.ndjson'), '-o', temp('-odd.arrow'), '-q']);
  ({ url } = await serve(temp('-odd.arrow'), '--cpu-hz', '1000', '--start-time', '2026-11-29T01:00:00Z'));
}, 300_000);

async function ask(path: string, body?: string): Promise<{ status: number; answer: never }> {
  const headers = { 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { method: 'POST', headers, body };
  const response = await fetch(`${url}api/${path}`, { ...sent, signal: AbortSignal.timeout(60_000) });
  return { status: response.status, answer: (await response.json()) as never };
}
const sql = async (text: string): Promise<Table> => (await ask('sql', JSON.stringify({ sql: text }))).answer;

describe('a question', () => {
  it('about events that no trace has is answered at once', async () => {
    for (const seq of ['9007199254740991', '-9007199254740991']) {
      const { status, answer } = await ask(`events?seq=${seq}&before=0&after=5`);
      expect([status, (answer as unknown[]).length]).toEqual([200, 0]);
    }
    const { answer } = await ask('events?seq=2&before=5&after=1');
    expect((answer as { seq: number }[]).map(({ seq }) => seq)).toEqual([0, 1, 2, 3]);
  });

  it('with a number that is not exact, or a body that is no query, is refused', async () => {
    const bad = [
      ask('events?seq=9007199254740993&before=0&after=5'),
      ask('map?seq=1&cell=1&tiles=3,3&value=owner'),
      ask(`map?seq=1&cell=1024&tiles=${2 ** 40}&value=owner`),
      ...['null', '{bad', '7', '{"sql":7}', ''].map(body => ask('sql', body)),
    ];
    for (const { status, answer } of await Promise.all(bad)) {
      expect([status, (answer as { code: string }).code]).toEqual([400, 'P2M_UI_QUERY']);
    }
  });

  it('about a far tile takes no memory for those between', async () => {
    const response = await fetch(`${url}api/map?seq=5&cell=1&tiles=0,67108863&value=owner`);
    expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, 2 * 1024 * 6]);
  });

  it('about numbers that are small, large or unknown tells them exactly', async () => {
    const counts = async (tiles: number[]) => {
      const response = await fetch(`${url}api/map?seq=80&cell=1&tiles=${tiles.join(',')}&value=references`);
      const { value } = mapCells(Buffer.from(await response.arrayBuffer()), tiles.length);
      return [...value.entries()].filter(([, one]) => !Number.isNaN(one));
    };
    expect(await counts([4])).toEqual([[5, 3]]);
    expect(await counts([4, 8])).toEqual([
      [5, 3],
      [1024 + 6, 0x40_0001],
    ]);
  });

  it('about a lock that is called like an option is about the lock', async () => {
    const { status, answer } = await ask(`history?thing=${encodeURIComponent('lock --help')}`);
    expect(status, JSON.stringify(answer)).toBe(200);
    const { columns, rows } = answer as Table;
    const seqs = ['from_seq', 'to_seq'].map(name => columns.indexOf(name));
    expect(rows.map(row => seqs.map(at => row[at]))).toEqual([[0, EVENTS.length - 2]]);
  });
});

it('knows every space that was ever there, and every pcpu', async () => {
  const { answer } = await ask('head');
  const [{ spaces, pcpus }] = (answer as Head).traces;
  const ends = Object.fromEntries(spaces.map(({ name, end }) => [name, end]));
  expect([ends['7 host'], ends['1 host']]).toEqual([0x9_0001, 0x4_0001]);
  // Most frames of domain 1 are below 0x80 nevertheless.
  expect(spaces.find(({ name }) => name === '1 host')?.most).toBe(0x80);
  expect(pcpus).toBe(1);
});

it('a time beyond every calendar is unknown', async () => {
  const last = (await ask(`point?seq=${EVENTS.length - 2}`)).answer as Point;
  expect([last.tsc, last.utc]).toEqual(['18446744073709551615', null]);
  expect(last.seconds).toBeCloseTo(2 ** 64 / 1000, -2);
  expect(((await ask('point?seq=0')).answer as Point).utc).toBe('2026-11-29T01:00:00.000000000Z');
});

describe('a result', () => {
  it('keeps columns of one name, their order, and every digit', async () => {
    const table = await sql('select 1 as seq, 2 as seq, 3 as "2", 4 as "1", 18446744073709551615::ubigint as mfn');
    expect(table).toEqual({
      columns: ['seq', 'seq', '2', '1', 'mfn'],
      rows: [[1, 2, 3, 4, '18446744073709551615']],
      cut: false,
      before: 0,
    });
  });

  it('without rows has columns', async () => {
    const table = await sql("select seq, kind from events where kind = 'mark'");
    expect(table).toEqual({ columns: ['seq', 'kind'], rows: [], cut: false, before: 0 });
  });

  it('is that of the last of several statements', async () => {
    expect(await sql('select 1 as a; select 2 as b, 3 as c;')).toEqual({
      columns: ['b', 'c'],
      rows: [[2, 3]],
      cut: false,
      before: 1,
    });
  });

  it('has as many rows as the page takes, and says so', async () => {
    const { rows, cut } = await sql('select range from range(20000)');
    expect([rows.length, cut]).toEqual([20_000, false]);
    const more = await sql('select range from range(20001)');
    expect([more.rows.length, more.cut]).toEqual([20_000, true]);
  });
});

describe('a saved whatif result', () => {
  it('is there at once, for the trace that it is about', async () => {
    fine(['generate', '-o', temp('a.arrow'), '--events', '3000', '--seed', '5', '-q']);
    fine(['whatif', temp('a.arrow'), '--pcpus', '8', '--format', 'json', '-o', temp('a.json'), '-q']);
    const other = await serve(temp('-odd.arrow'), temp('a.arrow'), '--whatif', temp('a.json'));
    const { traces } = (await (await fetch(`${other.url}api/head`)).json()) as Head;
    expect(traces.map(({ hasWhatIf }) => hasWhatIf)).toEqual([false, true]);
    const told = (await (await fetch(`${other.url}api/whatif?t=1`)).json()) as WhatIf;
    const { rows, recorded } = JSON.parse(
      fine(['whatif', temp('a.arrow'), '--pcpus', '8', '--format', 'json', '-q']).stdout,
    );
    type Row = { wait: { median: number; max: number }; parallelism: { lost: number } };
    expect(told.designs.map(({ median, longest, lost }) => [median, longest, lost])).toEqual(
      rows.map(({ wait, parallelism }: Row) => [wait.median, wait.max, parallelism.lost]),
    );
    expect([told.pcpus, told.recordedPcpus]).toEqual([8, recorded.pcpus]);
  }, 120_000);

  it('of another trace, or that is none, is refused', () => {
    writeFileSync(temp('none.json'), '{"rows":[]}');
    writeFileSync(temp('broken.json'), '{');
    for (const file of ['a.json', 'none.json', 'broken.json', 'missing.json']) {
      const { code, stderr } = p2mtrace(['ui', temp('-odd.arrow'), '--no-open', '--whatif', temp(file)]);
      expect([file, code, /P2M_\w+/.exec(stderr)?.[0]]).toEqual([file, 2, 'P2M_UI_WHATIF']);
    }
  }, 120_000);
});
