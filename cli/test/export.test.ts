import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tableFromIPC } from 'apache-arrow';
import { beforeAll, expect, it } from 'vitest';
import { fine, needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
const exported = (format: string, ...more: string[]) => {
  fine(['export', temp('case.arrow'), '--format', format, '-o', temp(`out.${format}`), ...more]);
  return temp(`out.${format}`);
};

/** A lock is held from 1000 to 3000 while an entry is set; a page is freed while it maps, and the p2m is used later. */
beforeAll(() => {
  const lock = { pcpu: 0, lock: '0xa', lock_class: 'p2m', level: 16, mode: 'write' };
  const events = [
    { kind: 'lock_acquire', tsc: 1000, ...lock, depth: 1 },
    { kind: 'set_entry', tsc: 2000, pcpu: 0, domid: 1, gfn: '0x10', mfn: '0x100', order: 0, p2m_type: 'ram_rw' },
    { kind: 'lock_release', tsc: 3000, ...lock, depth: 0 },
    { kind: 'sched_switch', tsc: 3500, pcpu: 0, domid: 1, vcpu: 2 },
    { kind: 'page_free', tsc: 4000, pcpu: 0, mfn: '0x100', order: 0 },
    { kind: 'lookup', tsc: 5000, pcpu: 0, domid: 1, gfn: '0x10', mfn: '0x100', p2m_type: 'ram_rw' },
  ];
  writeFileSync(temp('case.ndjson'), events.map(event => `${JSON.stringify(event)}\n`).join(''));
  fine(['import', temp('case.ndjson'), '-o', temp('case.arrow')]);
});

it('makes tables that other tools read', () => {
  expect(readFileSync(exported('csv', '--from', '1', '--to', '1'), 'utf8').split('\n')[1]).toMatch(/^1,2000,/);
  expect(tableFromIPC(readFileSync(exported('arrow'))).numRows).toBe(6);
  expect(tableFromIPC(readFileSync(exported('arrow', '--to', '2'))).numRows).toBe(3);
  const sql = (query: string) => fine(['sql', temp('case.arrow'), query, '--allow-files']).stdout;
  expect(sql(`select count(*) as n from '${exported('parquet')}'`)).toBe('n\n6\n');
  expect(
    sql(
      `attach '${exported('duckdb')}' as d (read_only); select mfn, domid from d.mapping_spans where mfn is not null`,
    ),
  ).toBe('mfn,domid\n256,1\n');
});

it('writes a line for each event, in columns', () => {
  const text = fine(['export', temp('case.arrow'), '--format', 'text', '--cpu-hz', '1k', '--to', '3']).stdout;
  const lines = text.trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  // One tick is a millisecond, from the first event on.
  expect(lines[1]).toMatch(/^#1 +1\.000000 p0 +- +set_entry +domid=1 gfn=0x10 order=0 p2m_type=ram_rw mfn=0x100$/);
  expect(new Set(lines.map(line => line.search(/(?<= )[a-z]+_[a-z]+/)))).toHaveProperty('size', 1);
  expect(fine(['export', temp('case.arrow'), '--format', 'text']).stdout).toMatch(/^#0 +1000 p0 /);
});

it('the fields of a line are those of NDJSON', () => {
  fine(['generate', '-o', temp('many.arrow'), '--events', '4000', '--seed', '5', '--fault', 'refcount.leak', '-q']);
  const odd = [
    {
      kind: 'get_page',
      tsc: '18446744073709551615',
      pcpu: 1,
      cur_domid: 3,
      cur_vcpu: 1,
      mfn: '0xffffffffff',
      flags: ['failed'],
    },
    { kind: 'page_alloc', mfn: '0x1', order: 2, symbol: 'a "quoted" \\ name\n\u202e', tsc_own: true },
    {
      kind: 'lock_acquire',
      pcpu: 0,
      lock: '0xa',
      lock_class: 'p2m = x',
      mode: 'write',
      depth: 1,
      caller: '0xffff82d040000000',
    },
  ];
  writeFileSync(temp('odd.ndjson'), odd.map(event => `${JSON.stringify(event)}\n`).join(''));
  fine(['import', temp('odd.ndjson'), '-o', temp('odd.arrow'), '-q']);
  const context = new Set(['seq', 'kind', 'tsc', 'tsc_own', 'pcpu', 'cur_domid', 'cur_vcpu', 'caller', 'symbol']);
  for (const name of ['many', 'odd']) {
    const [, ...rows] = fine(['export', temp(`${name}.arrow`), '--format', 'ndjson', '-q'])
      .stdout.trimEnd()
      .split('\n');
    const lines = fine(['export', temp(`${name}.arrow`), '--format', 'text', '-q'])
      .stdout.trimEnd()
      .split('\n');
    const expected = rows.map(row => {
      const event = JSON.parse(row) as Record<string, unknown>;
      const done = Object.entries(event)
        .filter(([field, value]) => !context.has(field) && !(Array.isArray(value) && value.length === 0))
        .map(([field, value]) => `${field}=${Array.isArray(value) ? value.join('+') : value}`);
      const site = event.symbol ?? event.caller;
      return [
        `#${event.seq}`,
        // Generated traces know their frequency: seconds, of which the test above is.
        name === 'many' ? expect.stringMatching(/^\d\.\d{6}$/) : String(event.tsc ?? '-'),
        `p${event.pcpu ?? '-'}`,
        event.cur_domid === undefined ? '-' : `d${event.cur_domid}v${event.cur_vcpu}`,
        event.kind,
        ...done,
        ...(site === undefined ? [] : [String(site).replace('\u202e', '\\u202e').replace('\n', '\\n')]),
      ].flatMap(part => (typeof part === 'string' ? part.split(' ') : [part]));
    });
    expect(lines.map(line => line.trim().split(/ +/))).toEqual(expected);
  }
});

it('makes a timeline with locks, mappings, vcpus and findings', () => {
  const { traceEvents } = JSON.parse(readFileSync(exported('perfetto', '--cpu-hz', '1G'), 'utf8'));
  const shown = traceEvents.filter(({ ph }: { ph: string }) => ph !== 'M');
  const named = (name: string) => shown.find((event: { name: string }) => event.name === name);
  // Ticks of a nanosecond, from the first event on; times are microseconds.
  expect(named('p2m (write)')).toMatchObject({ ph: 'X', ts: 0, dur: 2, args: { seq: 0, lock: '0xa' } });
  const entry = shown.find(({ name, pid }: { name: string; pid: number }) => name === 'ram_rw' && pid === 3);
  expect(entry).toMatchObject({ ph: 'i', ts: 1, args: { seq: 1, gfn: '0x10', mfn: '0x100' } });
  expect(named('d1v2')).toMatchObject({ ph: 'B', ts: 2.5 });
  expect(named('freed')).toMatchObject({ ph: 'i', ts: 3, args: { seq: 4, mfn: '0x100' } });
  const tracks = traceEvents.filter(({ name }: { name: string }) => name === 'thread_name');
  expect(tracks.map(({ args }: { args: { name: string } }) => args.name)).toContain('d1: entries');
});

it('leaves no half of a file, and says which forms need one', () => {
  expect(p2mtrace(['export', temp('case.arrow'), '--format', 'parquet']).stderr).toContain('P2M_FORMAT');
  expect(p2mtrace(['export', temp('case.arrow'), '--format', 'csv', '-o', temp('none/x.csv')]).code).toBe(2);
  expect(readdirSync(temp('.')).filter(name => name.includes('partial'))).toEqual([]);
});
