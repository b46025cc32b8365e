import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { tableFromIPC } from 'apache-arrow';
import { beforeAll, describe, expect, it } from 'vitest';
import { complete } from '../src/sql/complete.js';
import { runComplete } from '../src/sql/shell.js';
import type { SqlCommand } from '../src/sql/sql-session.js';
import { Terminal } from '../src/terminal.js';
import { fine, needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
const sql = (query: string, ...more: string[]) => fine(['sql', temp('case.arrow'), query, ...more]).stdout;

beforeAll(() => {
  const lines = [
    '{"kind":"set_entry","domid":1,"gfn":"0x10","mfn":"0x100","order":0,"p2m_type":"ram_rw"}',
    '{"kind":"get_page","mfn":"0x100","owner":1,"count_info":"0x8000000000000002"}',
  ];
  writeFileSync(temp('case.ndjson'), `${lines.join('\n')}\n`);
  fine(['import', temp('case.ndjson'), '-o', temp('case.arrow')]);
});

it('is csv where stdout is no terminal, with nulls empty and text quoted as needed', () => {
  expect(sql(`select seq, gfn, 'a "b", c' as t, '' as e from events`)).toBe(
    'seq,gfn,t,e\n0,16,"a ""b"", c",""\n1,,"a ""b"", c",""\n',
  );
});

it('gives u64 exactly, in JSON as text where a number would not be exact', () => {
  const query = 'select seq, count_info from events where count_info is not null';
  expect(sql(query)).toBe('seq,count_info\n1,9223372036854775810\n');
  expect(sql(query, '--format', 'ndjson')).toBe('{"seq":1,"count_info":"9223372036854775810"}\n');
  expect(JSON.parse(sql(query, '--format', 'json')).rows).toEqual([{ seq: 1, count_info: '9223372036854775810' }]);
});

it('aligns tables', () => {
  expect(sql('select kind, seq + 99 as n from events', '--format', 'table')).toBe(
    'kind         n\nset_entry   99\nget_page   100\n',
  );
});

it('knows empty results', () => {
  expect(sql('select seq from events where false')).toBe('seq\n');
  expect(JSON.parse(sql('select seq from events where false', '--format', 'json')).rows).toEqual([]);
  expect(sql('select seq from events where false', '--format', 'ndjson')).toBe('');
});

it('replays for the fact tables', () => {
  expect(sql('select domid, gfn, mfn, p2m_type, from_seq, to_seq from mapping_spans')).toBe(
    'domid,gfn,mfn,p2m_type,from_seq,to_seq\n1,16,256,ram_rw,0,\n',
  );
});

it('takes several traces, numbers in hex, and parameters', () => {
  const trace = temp('case.arrow');
  expect(fine(['sql', trace, trace, 'select count(*) as n from events where gfn = 0x10']).stdout).toBe('n\n2\n');
  expect(sql('select $m = 0x100 as same, $t as text', '--param', 'm=0x100', '--param', 't=a=b')).toBe(
    'same,text\ntrue,a=b\n',
  );
  expect(p2mtrace(['sql', trace, 'select $m']).stderr).toContain('--param m=');
});

it('runs statements of a file and of stdin', () => {
  writeFileSync(temp('two.sql'), "select 1 as a; -- ;\nselect ';' as b");
  expect(fine(['sql', temp('case.arrow'), '-f', temp('two.sql')]).stdout).toBe('a\n1\n\nb\n;\n');
  expect(fine(['sql', temp('case.arrow')], { input: 'select count(*) as n from events' }).stdout).toBe('n\n2\n');
  expect(p2mtrace(['sql', temp('case.arrow'), '-f', temp('none.sql')]).stderr).toContain('P2M_SQL_FILE');
});

it('is Markdown that a bar does not break', () => {
  // What would be a mention or a reference where it is pasted is broken by a space without width, which is not shown.
  expect(sql(`select '@you' as a, '#12' as b, 'x' || chr(8203) || 'y' as c`, '--format', 'md')).toContain(
    '| @\u200byou | \\#\u200b12 | x\\\\u200by |',
  );
  expect(sql(`select seq, 'a|b' as t from events limit 1`, '--format', 'md')).toBe(
    '| seq | t |\n| --: | --- |\n| 0 | a\\|b |\n',
  );
});

it('is an Arrow or a Parquet file, by the name of the output', async () => {
  const query = "select count_info, kind, kind = 'get_page' as is_get, gfn from events";
  sql(query, '-o', temp('out.arrow'));
  const table = tableFromIPC(readFileSync(temp('out.arrow')));
  expect(table.schema.fields.map(field => String(field.type))).toEqual(['Uint64', 'Utf8', 'Bool', 'Uint64']);
  expect(table.toArray().map(row => ({ ...row }))).toEqual([
    { count_info: null, kind: 'set_entry', is_get: false, gfn: 16n },
    { count_info: 0x8000000000000002n, kind: 'get_page', is_get: true, gfn: null },
  ]);
  sql(query, '-o', temp('out.parquet'));
  const again = sql(`select count_info, gfn from '${temp('out.parquet')}'`, '--allow-files');
  expect(again).toBe('count_info,gfn\n,16\n9223372036854775810,\n');
  expect(p2mtrace(['sql', temp('case.arrow'), 'select 1; select 2', '-o', temp('x.parquet')]).stderr).toContain(
    'P2M_FORMAT',
  );
  expect(p2mtrace(['sql', temp('case.arrow'), 'selec', '-o', temp('x.csv')]).code).toBe(2);
  expect(readdirSync(temp('.')).filter(name => name.startsWith('x.'))).toEqual([]);
});

it('reads and writes no file, unless it is allowed to', () => {
  const copy = `copy (select 1) to '${temp('evil.csv')}'`;
  expect(p2mtrace(['sql', temp('case.arrow'), copy]).stderr).toContain('P2M_SQL: Permission Error');
  expect(existsSync(temp('evil.csv'))).toBe(false);
  fine(['sql', temp('case.arrow'), copy, '--allow-files']);
  expect(existsSync(temp('evil.csv'))).toBe(true);
});

it('ends a query that takes too long', () => {
  const query = 'select count(*) from range(100000000000) a, range(1000) b';
  const { code, stderr } = p2mtrace(['sql', temp('case.arrow'), query, '--timeout', '200ms']);
  expect(stderr).toContain('P2M_TIMEOUT');
  expect(code).toBe(2);
});

describe('the prompt', () => {
  const words = ['count', 'mapping_spans', 'page_at('];

  it('completes words, whatever their case, and commands', () => {
    expect(complete(words, 'from MAPP')).toEqual([['mapping_spans'], 'MAPP']);
    expect(complete(words, 'from page_at(')).toEqual([[], '']);
    expect(complete(words, '.ta')).toEqual([['.tables '], '.ta']);
  });

  it('runs statements that have ended, and keeps the beginning of others', async () => {
    const run: string[] = [];
    const sqlCommand = { run: async (text: string) => void run.push(text) } as unknown as SqlCommand;
    const err = new Terminal(new PassThrough() as unknown as NodeJS.WriteStream);
    const state = { sql: sqlCommand, out: err, hasTiming: false, isDone: false };
    expect(await runComplete(state, "select ';'; select 1\n", err)).toBe('select 1\n');
    expect(run).toEqual(["select ';'"]);
  });
});
