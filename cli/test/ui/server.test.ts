import { readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { replay } from '@p2mtrace/replayer';
import { P2M_TYPES } from '@p2mtrace/trace-format';
import type { Head, Point, Table, Thing, WhatIf } from '@p2mtrace/ui';
import { beforeAll, describe, expect, it } from 'vitest';
import { ended, fine, needsBuild, p2mtrace, tempDir } from '../support/cli.js';
import { mapCells } from '../support/map-cells.js';
import { uiServers } from '../support/ui-server.js';

needsBuild();
const temp = tempDir();
const serve = uiServers();
let url = '';

beforeAll(async () => {
  fine(['generate', '-o', temp('a.arrow'), '--events', '20000', '--seed', '16', '--fault', 'refcount.leak', '-q']);
  ({ url } = await serve(temp('a.arrow'), '--cpu-hz', '2G'));
}, 300_000);

interface Reply {
  readonly status: number;
  readonly body: Buffer;
  readonly headers: IncomingMessage['headers'];
}

/** As a client that says what it likes. */
function raw(path: string, { method = 'GET', headers = {}, body = '' } = {}): Promise<Reply> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    // A connection that is kept may be closed while this process waits for a command.
    const sent = request({ hostname, port, path, method, headers, agent: false }, response => {
      const parts: Buffer[] = [];
      response.on('data', part => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts), headers: response.headers }),
      );
    });
    sent.once('error', reject).end(body);
  });
}

const below = (path: string) => new URL(url).pathname + path;
async function ask<T>(path: string): Promise<T> {
  const { status, body } = await raw(below(path));
  expect(status, body.toString()).toBe(200);
  return JSON.parse(body.toString()) as T;
}
async function sql(text: string): Promise<{ status: number; answer: never }> {
  const headers = { 'content-type': 'application/json' };
  const { status, body } = await raw(below('api/sql'), {
    method: 'POST',
    headers,
    body: JSON.stringify({ sql: text }),
  });
  return { status, answer: JSON.parse(body.toString()) as never };
}

describe('lets in', () => {
  it('nobody without the token, under another name, or from another page', async () => {
    const own = below('api/head');
    expect((await raw(own)).status).toBe(200);
    const token = own.split('/')[1];
    expect(token.length).toBeGreaterThanOrEqual(24);
    const others = [
      raw('/'),
      raw('/api/head'),
      raw(`/${token.slice(1)}/api/head`),
      raw(`/${'A'.repeat(token.length)}/api/head`),
      raw(own, { headers: { host: 'evil.example' } }),
      raw(own, { headers: { host: `evil.example:${new URL(url).port}` } }),
      raw(own, { headers: { origin: 'http://evil.example' } }),
      raw(own, { headers: { origin: 'null' } }),
      raw(own, { headers: { 'sec-fetch-site': 'cross-site' } }),
      raw(own, { method: 'DELETE' }),
    ];
    const statuses = (await Promise.all(others)).map(({ status }) => status);
    expect(statuses).toEqual([403, 403, 403, 403, 421, 421, 403, 403, 403, 405]);
  });

  it('no path outside', async () => {
    const paths = [
      '../../../../etc/passwd',
      '..%2f..%2fmain.js',
      '%2e%2e/main.js',
      'assets/../../main.js',
      'constructor',
      'api/constructor',
      'api/__proto__',
    ];
    const replies = await Promise.all(paths.map(path => raw(below(path))));
    expect(replies.map(({ status }) => status)).toEqual(paths.map(() => 404));
  });

  it('a page that may load nothing from elsewhere', async () => {
    const { headers, body } = await raw(below(''));
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(body.toString()).not.toMatch(/https?:/);
  });

  it('no query that writes, reads a file, or is sent as a form', async () => {
    const out = temp('stolen.csv');
    for (const text of [
      `copy (select 1) to '${out}'`,
      `attach '${out}'`,
      "from read_text('/etc/hostname')",
      'install httpfs',
    ]) {
      const { status, answer } = await sql(text);
      expect([status, (answer as { code: string }).code], text).toEqual([400, 'P2M_SQL']);
    }
    expect(() => readFileSync(out)).toThrow();
    const form = await raw(below('api/sql'), {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{"sql":"select 1"}',
    });
    expect(form.status).toBe(400);
    expect((await raw(below('api/sql'))).status).toBe(404);
  });
});

describe('answers what other commands say', () => {
  const rowsOf = (...args: readonly string[]) => {
    const lines = fine([...args, '--format', 'ndjson', '-q']).stdout.split('\n');
    return lines.filter(line => line !== '').map(line => JSON.parse(line));
  };
  /** Points over the trace; a linear congruential generator. */
  const points = (end: number) => Array.from({ length: 4 }, (_, i) => ((i * 2_654_435_761) >>> 0) % (end + 1));

  it('a point, like an export of its event and replay', async () => {
    const { traces } = await ask<Head>('api/head');
    expect(traces[0].tscHz).toBe(2e9);
    const events = fine(['export', temp('a.arrow'), '--format', 'ndjson'])
      .stdout.trim()
      .split('\n');
    const byPlace = events.map(line => JSON.parse(line)).filter(({ kind }) => kind !== undefined);
    const firstTsc = BigInt(byPlace.find(({ tsc }) => tsc !== undefined).tsc);
    for (const seq of points(traces[0].end)) {
      const point = await ask<Point>(`api/point?seq=${seq}`);
      expect(point.event).toMatchObject({ ...byPlace[seq], seq });
      expect(point.seconds).toBeCloseTo(Number(BigInt(byPlace[seq].tsc) - firstTsc) / 2e9, 9);
      const locks = rowsOf('replay', temp('a.arrow'), '--at', `#${seq}`, '--show', 'locks');
      expect(point.held.map(({ lock, since_seq }) => [lock, since_seq])).toEqual(
        locks.map(({ lock, since_seq }) => [lock, since_seq]),
      );
    }
  });

  it('tiles of a map, like all entries and pages of the state', async () => {
    const { traces } = await ask<Head>('api/head');
    const own = replay(temp('a.arrow'), { index: false });
    for (const seq of points(traces[0].end)) {
      const rows = [...own.at(seq).p2mRows({ view: 'host' })];
      for (const { domid, end } of traces[0].spaces.filter(({ view }) => view === 'host')) {
        const types = new Map<number, number>();
        for (const row of rows) {
          if (row.domid !== domid) continue;
          for (let i = 0; i < 2 ** row.order; i++) types.set(row.gfn + i, P2M_TYPES.indexOf(row.p2m_type as never));
        }
        const tiles = Array.from({ length: Math.min(Math.ceil(end / 1024), 40) }, (_, i) => i);
        const { body } = await raw(
          below(`api/map?seq=${seq}&cell=1&tiles=${tiles.join(',')}&value=type&domid=${domid}&view=host`),
        );
        const { value, ago } = mapCells(body, tiles.length);
        const seen = [...value.entries()].filter(([, one]) => !Number.isNaN(one));
        const expected = [...types].filter(([gfn]) => gfn < tiles.length * 1024).sort(([a], [b]) => a - b);
        expect(seen).toEqual(expected);
        for (const row of rows) {
          if (row.domid !== domid || row.gfn >= value.length) continue;
          expect(ago[row.gfn]).toBe(row.set_seq === null ? Number.NaN : seq - row.set_seq);
        }
      }
      const pages = [...own.at(seq).pageRows()];
      const mfn = pages[Math.floor(pages.length / 2)]?.mfn ?? 0;
      const tile = Math.floor(mfn / 1024);
      const { body } = await raw(below(`api/map?seq=${seq}&cell=1&tiles=${tile}&value=references`));
      const counts = mapCells(body, 1).value;
      const known = pages.filter(page => Math.floor(page.mfn / 1024) === tile && page.count !== null);
      expect([...counts.entries()].filter(([, count]) => !Number.isNaN(count))).toEqual(
        known.map(page => [page.mfn % 1024, Number(page.count)]),
      );
    }
    own.close();
  });

  it('a thing, its history, differences and a query', async () => {
    const { traces } = await ask<Head>('api/head');
    const { end } = traces[0];
    const { answer } = await sql(
      'select domid, gfn, count(*) as n from events where kind = $$set_entry$$ group by all order by n desc, gfn limit 3',
    );
    for (const [domid, gfn] of (answer as Table).rows as number[][]) {
      const which = `${domid}:${gfn}`;
      const thing = await ask<Thing>(`api/thing?thing=${encodeURIComponent(`gfn ${which}`)}&seq=${end}`);
      const { entries } = thing.state as { entries: { view: string; p2m_type?: string; mfn?: number }[] };
      const p2m = rowsOf('replay', temp('a.arrow'), '--show', 'p2m', '--domain', String(domid), '--view', 'host');
      const row = p2m.find(
        (one: { gfn: string | number; order: number }) =>
          Number(one.gfn) <= gfn && gfn < Number(one.gfn) + 2 ** one.order,
      );
      expect(entries.find(({ view }) => view === 'host')?.p2m_type).toBe(row?.p2m_type);
      const history = await ask<Table>(`api/history?thing=${encodeURIComponent(`gfn ${which}`)}`);
      const told = fine(['history', temp('a.arrow'), 'gfn', which, '--format', 'ndjson', '-q'])
        .stdout.trim()
        .split('\n');
      expect(history.rows).toEqual(told.map(line => Object.values(JSON.parse(line))));
    }
    const diff = await ask<Table>(`api/diff?seq=100&to=${end}&summary=0`);
    const lines = fine([
      'diff',
      temp('a.arrow'),
      '--from',
      '#100',
      '--to',
      `#${end}`,
      '--format',
      'ndjson',
      '-q',
    ]).stdout;
    expect(diff.rows).toHaveLength(lines.trim().split('\n').length);
    expect((await sql('select 18446744073709551615::ubigint as x, null as y')).answer).toMatchObject({
      rows: [['18446744073709551615', null]],
    });
  });

  /** All events, by seq. */
  const exported = () =>
    fine(['export', temp('a.arrow'), '--format', 'ndjson'])
      .stdout.trim()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, string | number | undefined>)
      .filter(({ kind }) => kind !== undefined);

  it('how often frames were changed, like counting the events that change them', async () => {
    const events = exported();
    const { traces } = await ask<Head>('api/head');
    const ofPages = /^(?:(?:get|put)_page|alloc_ref_drop|(?:get|put)_type|page_alloc|page_free|owner_set)$/;
    for (const seq of points(traces[0].end)) {
      for (const { domid, view, end } of traces[0].spaces.slice(-3)) {
        const counts = new Map<number, number>();
        for (const event of events.slice(0, seq + 1)) {
          const isOne =
            domid === null
              ? ofPages.test(String(event.kind))
              : event.kind === 'set_entry' && event.domid === domid && (event.view ?? 'host') === view && !event.rc;
          if (!isOne) continue;
          const isRange = domid !== null || /^page_(?:alloc|free)$/.test(String(event.kind));
          const size = isRange ? 2 ** Number(event.order) : 1;
          const frame = Number(domid === null ? event.mfn : event.gfn);
          for (let at = frame - (frame % size), i = 0; i < size; i++) counts.set(at + i, (counts.get(at + i) ?? 0) + 1);
        }
        const tiles = [...new Set([...counts.keys()].map(frame => Math.floor(frame / 1024)))].slice(0, 200);
        if (tiles.length === 0) continue;
        const of = domid === null ? '' : `&domid=${domid}&view=${view}`;
        const { body } = await raw(below(`api/map?seq=${seq}&cell=1&tiles=${tiles.join(',')}&value=changes${of}`));
        const values = mapCells(body, tiles.length).value;
        const shown = [...values.entries()].filter(([, value]) => value > 0);
        const expected = tiles.flatMap((tile, place) =>
          Array.from({ length: 1024 }, (_, i) => [place * 1024 + i, counts.get(tile * 1024 + i) ?? 0]),
        );
        expect(shown).toEqual(expected.filter(([, count]) => count > 0));
        // A cell of several frames counts what wrote any of them.
        const { body: wide } = await raw(below(`api/map?seq=${seq}&cell=1024&tiles=0&value=changes${of}`));
        const sums = mapCells(wide, 1).value;
        for (const [i, sum] of sums.entries()) {
          const own = expected.filter(([at]) => tiles[Math.floor(at / 1024)] === i).map(([, count]) => count);
          if (own.length === 0) continue;
          expect(sum).toBeGreaterThanOrEqual(Math.max(...own));
          expect(sum).toBeLessThanOrEqual(own.reduce((a, b) => a + b, 0));
        }
        expect(end).toBeGreaterThan(0);
      }
    }
  });

  it('a pcpu and a call site, like their events, locks and what replay says', async () => {
    const events = exported();
    const { traces } = await ask<Head>('api/head');
    const own = replay(temp('a.arrow'), { index: false });
    const site = String(events.find(({ caller }) => caller !== undefined)?.caller);
    for (const seq of points(traces[0].end)) {
      const before = (wanted: (event: Record<string, unknown>) => boolean) =>
        events.slice(0, seq + 1).findLastIndex(wanted);
      const pcpu = Number(events[seq].pcpu ?? 0);
      const { state } = await ask<Thing>(`api/thing?thing=pcpu%20${pcpu}&seq=${seq}`);
      expect(state).toEqual({
        about: 'pcpu',
        ...own.at(seq).running(pcpu),
        held: [...own.at(seq).lockRows()].filter(row => row.pcpu === pcpu),
        last_seq: before(event => event.pcpu === pcpu),
      });
      const from = await ask<Thing>(`api/thing?thing=site%20${site}&seq=${seq}`);
      const last = before(event => event.caller === site);
      expect(from.state).toEqual({ about: 'site', last_seq: last < 0 ? null : last });
      const next = await ask<{ seq: number | null }>(`api/next?thing=site%20${site}&seq=${seq}&back=0`);
      const after = events.findIndex((event, i) => i > seq && event.caller === site);
      expect(next.seq).toBe(after < 0 ? null : after);
    }
    own.close();
    const [low, high] = [2000, 6000];
    const sites = await ask<Table>(`api/history?thing=site%20${site}&low=${low}&high=${high}`);
    expect(sites.rows.map(row => [row[0], row[1]])).toEqual(
      events.slice(low, high + 1).flatMap((event, i) => (event.caller === site ? [[event.kind, low + i]] : [])),
    );
    const history = await ask<Table>(`api/history?thing=pcpu%200&low=${low}&high=${high}`);
    const runs = history.rows.filter(([what]) => what === 'idle' || String(what).startsWith('runs'));
    const there = events.slice(low, high + 1).filter(({ pcpu }) => pcpu === 0).length;
    expect(runs.reduce((sum, row) => sum + Number(row[3]), 0)).toBe(there);
    const taken = history.rows.filter(row => row[3] === null && Number(row[1]) >= low);
    const acquired = events.flatMap(({ kind, pcpu }, i) => (kind === 'lock_acquire' && pcpu === 0 ? [i] : []));
    expect(taken.map(row => row[1])).toEqual(acquired.filter(i => i >= low && i <= high));
    expect((await raw(below('api/thing?thing=site%20nowhere&seq=1'))).status).toBe(400);
    expect((await raw(below(`api/why?thing=site%20${site}&seq=1`))).status).toBe(400);
  });

  it('lock designs, like whatif', async () => {
    const { designs } = await ask<WhatIf>('api/whatif');
    const told = JSON.parse(fine(['whatif', temp('a.arrow'), '--format', 'json', '-q']).stdout);
    expect(designs.length).toBeGreaterThan(3);
    expect(designs.map(({ wait, makespan }) => [wait, makespan])).toEqual(
      told.rows.map(({ wait, makespan }: { wait: { total: number }; makespan: number }) => [wait.total, makespan]),
    );
  });

  it('findings, like analyze; and their stories', async () => {
    const report = await ask<{ findings: { id: string; count: number }[] }>('api/findings');
    const told = JSON.parse(p2mtrace(['analyze', temp('a.arrow'), '--format', 'json', '-q']).stdout);
    const short = ({ id, count }: { id: string; count: number }) => [id, count];
    expect(report.findings.map(short)).toEqual(told.findings.map(short));
    expect(told.findings.length).toBeGreaterThan(0);
    const { steps } = await ask<{ steps: { event: { seq: number } }[] }>(
      `api/story?id=${told.findings[0].id}&number=1`,
    );
    const witnesses = new Set(told.findings[0].occurrences[0].witness.map(({ seq }: { seq: number }) => seq));
    expect(new Set(steps.map(({ event }) => event.seq))).toEqual(witnesses);
  });

  it('says what is wrong with a question, and goes on', async () => {
    const { body, status } = await raw(below('api/thing?thing=mfn%20x&seq=1'));
    expect([status, JSON.parse(body.toString()).code]).toEqual([400, 'P2M_SUBJECT']);
    for (const bad of [
      'api/point',
      'api/point?seq=1e9',
      'api/map?seq=1&cell=3&tiles=1&value=type',
      'api/point?seq=1&t=7',
    ]) {
      expect((await raw(below(bad))).status, bad).toBe(400);
    }
    expect((await ask<Point>('api/point?seq=999999999')).seq).toBe((await ask<Head>('api/head')).traces[0].end);
  });
});

it('ends with Ctrl-C, and its port is free again', async () => {
  const { url: other, child } = await serve(temp('a.arrow'), temp('a.arrow'));
  const done = ended(child);
  child.kill('SIGINT');
  expect((await done).code).toBe(0);
  await expect(fetch(other)).rejects.toThrow();
});
