import { copyFileSync, readdirSync, renameSync, truncateSync } from 'node:fs';
import { connect } from 'node:net';
import type { Point } from '@p2mtrace/ui';
import { beforeAll, describe, expect, it } from 'vitest';
import { fine, needsBuild, tempDir } from '../support/cli.js';
import { uiServers } from '../support/ui-server.js';

needsBuild();
const temp = tempDir();
const serve = uiServers();
let url = '';

beforeAll(async () => {
  fine(['generate', '-o', temp('a.arrow'), '--events', '5000', '--seed', '7', '-q']);
  fine(['generate', '-o', temp('other.arrow'), '--events', '3000', '--seed', '8', '-q']);
  for (const name of ['replaced', 'cut']) copyFileSync(temp('a.arrow'), temp(`${name}.arrow`));
  ({ url } = await serve(temp('a.arrow'), '--cpu-hz', '2G'));
}, 300_000);

interface Reply {
  readonly status: number;
  readonly answer: { readonly code?: string; readonly message?: string };
}

async function ask(of: string, path: string, body?: string): Promise<Reply> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${of}api/${path}`, body === undefined ? {} : { method: 'POST', headers, body });
  return { status: response.status, answer: (await response.json()) as Reply['answer'] };
}
const sql = (of: string, text: string) => ask(of, 'sql', JSON.stringify({ sql: text }));

describe('a query', () => {
  it('sees no file, writes none, and gives itself no more rights', async () => {
    const before = readdirSync(temp('.'));
    const file = temp('own.csv');
    for (const text of [
      `from read_csv('${temp('a.arrow')}')`,
      "from read_blob('/etc/hostname')",
      "from glob('/etc/*')",
      "from sniff_csv('/etc/hostname')",
      `export database '${file}'`,
      `create table t as select 1; copy t to '${file}'`,
      "from query('copy (select 1) to ''/tmp/x''')",
      "from 'http://127.0.0.1:1/x.csv'",
      'load httpfs',
      'set lock_configuration = false',
      'reset enable_external_access',
      `pragma profiling_output = '${file}'`,
      `set log_query_path = '${file}'`,
      "set memory_limit = '100GB'",
      "select getenv('HOME')",
      'create secret s (type s3)',
    ]) {
      const { status, answer } = await sql(url, text);
      expect([text, status, answer.code]).toEqual([text, 400, 'P2M_SQL']);
    }
    expect(readdirSync(temp('.'))).toEqual(before);
  });

  it('of fifty megabytes is refused, and the next one answered', async () => {
    const { status, answer } = await sql(url, 'x'.repeat(50_000_000));
    expect([status, answer.code]).toEqual([400, 'P2M_UI_QUERY']);
    expect((await sql(url, 'select 1')).status).toBe(200);
  });
});

it('what is asked at once is answered like what is asked alone', async () => {
  const seqs = Array.from({ length: 50 }, (_, i) => (i * 3571) % 5000);
  const point = async (seq: number) => (await ask(url, `point?seq=${seq}`)).answer as unknown as Point;
  const atOnce = await Promise.all(seqs.map(point));
  for (const [i, seq] of seqs.entries()) {
    expect(atOnce[i].seq).toBe(seq);
    expect(atOnce[i]).toEqual(await point(seq));
  }
});

it('who asks and does not read keeps nobody waiting', async () => {
  const { hostname, port, pathname } = new URL(url);
  const tiles = Array.from({ length: 512 }, (_, i) => i).join(',');
  const path = `${pathname}api/map?seq=9&cell=1&tiles=${tiles}&value=owner`;
  const sockets = Array.from({ length: 20 }, () => {
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    socket.pause();
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
    return socket;
  });
  expect((await ask(url, 'point?seq=3')).status).toBe(200);
  for (const socket of sockets) socket.destroy();
  expect((await ask(url, 'point?seq=4')).status).toBe(200);
});

it.each([
  ['replaced', (path: string) => renameSync(temp('other.arrow'), path)],
  ['cut', (path: string) => truncateSync(path, 20_000)],
])('a trace that was %s is not shown any more, neither as it was nor as it is', async (name, change) => {
  const path = temp(`${name}.arrow`);
  const { url: own, child } = await serve(path);
  const questions = [
    'head',
    'point?seq=3',
    'map?seq=3&cell=1&tiles=0&value=owner',
    'history?thing=mfn%200x1',
    'findings',
  ];
  expect((await ask(own, 'point?seq=3')).status).toBe(200);
  change(path);
  for (const question of questions) {
    const { status, answer } = await ask(own, question);
    expect([question, status, answer.code]).toEqual([question, 400, 'P2M_UI_CHANGED']);
  }
  expect((await sql(own, 'select count(*) from events')).answer.code).toBe('P2M_UI_CHANGED');
  expect(child.exitCode).toBeNull();
});
