import { writeFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { fine, needsBuild, tempDir } from './support/cli.js';

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
  expect(JSON.parse(sql(query, '--format', 'json'))).toEqual([{ seq: 1, count_info: '9223372036854775810' }]);
});

it('aligns tables', () => {
  expect(sql('select kind, seq + 99 as n from events', '--format', 'table')).toBe(
    'kind         n\nset_entry   99\nget_page   100\n',
  );
});

it('knows empty results', () => {
  expect(sql('select seq from events where false')).toBe('seq\n');
  expect(JSON.parse(sql('select seq from events where false', '--format', 'json'))).toEqual([]);
  expect(sql('select seq from events where false', '--format', 'ndjson')).toBe('');
});

it('replays for the fact tables', () => {
  expect(sql('select domid, gfn, mfn, p2m_type, from_seq, to_seq from mapping_spans')).toBe(
    'domid,gfn,mfn,p2m_type,from_seq,to_seq\n1,16,256,ram_rw,0,\n',
  );
});
