import { truncateSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { STATE_TABLES } from '../src/state-tables.js';
import { fine, needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();

const lock = { lock: '0xffff830120101010', lock_class: 'p2m', level: 16, mode: 'write', depth: 1, pcpu: 0 };
const add = { ...lock, caller: '0xffff82d0402dca7a', symbol: 'p2m_add_page' };
const remove = { ...lock, caller: '0xffff82d0402dc73a', symbol: 'p2m_remove_page' };
const entry = { kind: 'set_entry', pcpu: 0, cur_domid: 0, cur_vcpu: 3, domid: 1, gfn: 0x10, order: 0 };

/** pcpu 0 maps 1:0x10 to 0x100 and takes that away again; pcpu 1 looks it up before, and uses it behind that. */
const STORY = [
  { kind: 'sched_switch', pcpu: 0, domid: 0, vcpu: 3, runstate: 0 }, // 0
  { kind: 'page_alloc', pcpu: 0, mfn: 0x100, order: 0, owner: 1 }, // 1
  { ...add, kind: 'lock_acquire' }, // 2
  { ...entry, mfn: 0x100, p2m_type: 'ram_rw' }, // 3
  { ...lock, kind: 'lock_release' }, // 4
  { kind: 'lookup', pcpu: 1, domid: 1, gfn: 0x10, mfn: 0x100, order: 0, p2m_type: 'ram_rw' }, // 5
  { ...remove, kind: 'lock_acquire' }, // 6
  { ...entry, p2m_type: 'invalid' }, // 7
  { ...lock, kind: 'lock_release' }, // 8
  { kind: 'page_use', pcpu: 1, mfn: 0x100, domid: 1, flags: ['write'] }, // 9
];
beforeAll(() => importEvents('story', STORY));

function importEvents(name: string, events: readonly object[]): void {
  writeFileSync(temp(`${name}.ndjson`), events.map(event => JSON.stringify(event)).join('\n'));
  fine(['import', temp(`${name}.ndjson`), '-o', temp(`${name}.arrow`), '-q']);
}

/** What a script says, line by line. */
function said(...commands: string[]): string[] {
  return debug(commands).stdout.trimEnd().split('\n');
}

function debug(commands: readonly string[], ...options: string[]) {
  return p2mtrace(['debug', temp('story.arrow'), ...options], { input: commands.join('\n') });
}

/** seqs of the events at which it stood, as it showed them. */
const seqs = (lines: readonly string[]) => lines.flatMap(line => /^#(\d+) /.exec(line)?.[1] ?? []).map(Number);

describe('debug goes', () => {
  it('to positions, and shows the event there', () => {
    expect(said('goto start', 'goto end', 'goto 3', 'goto #0')).toEqual([
      'start: nothing has happened yet',
      '#9 page_use mfn=0x100 flags=write domid=1  [pcpu 1]',
      '#3 set_entry domid=1 gfn=0x10 order=0 p2m_type=ram_rw mfn=0x100  [pcpu 0]',
      '#0 sched_switch domid=0 vcpu=0x3 runstate=0x0  [pcpu 0]',
    ]);
  });

  it('step by step both ways, and not beyond the ends', () => {
    expect(seqs(said('step', 'step 4', 'rstep', 'rstep 2', 'step 100'))).toEqual([0, 4, 3, 1, 9]);
    expect(debug(['goto end', 'step'])).toMatchObject({ code: 2, stderr: expect.stringContaining('ends here') });
    expect(debug(['rstep'])).toMatchObject({ code: 2, stderr: expect.stringContaining('starts here') });
  });

  it('to the next and the last event of which a condition is true, again without naming it', () => {
    expect(seqs(said('next kind == set_entry', 'next', 'prev'))).toEqual([3, 7, 3]);
    expect(seqs(said('goto end', 'prev pcpu == 1', 'prev touches gfn 1:0x10'))).toEqual([9, 5, 3]);
    expect(debug(['next kind == put_page'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('P2M_NOT_FOUND: no event behind start is so (line 1)'),
    });
  });

  it('until a condition is true, or else to the end', () => {
    expect(said('until kind == lock_release', 'until kind == put_page')).toEqual([
      expect.stringMatching(/^#4 lock_release /),
      'no event is so up to the end',
      expect.stringMatching(/^#9 page_use /),
    ]);
  });
});

describe('debug watches', () => {
  it('a gfn, forward and back, and says what became of it', () => {
    const mapped = 'host: mfn=0x100 order=0 p2m_type=ram_rw access=none set_seq=3';
    const gone = 'host: mfn=none order=0 p2m_type=invalid access=none set_seq=7';
    expect(said('watch gfn 1:0x10', 'watch', 'goto end', 'rwatch', 'rwatch')).toEqual([
      expect.stringMatching(/^#3 set_entry /),
      '  - host: unknown',
      `  + ${mapped}`,
      expect.stringMatching(/^#7 set_entry /),
      `  - ${mapped}`,
      `  + ${gone}`,
      expect.stringMatching(/^#9 page_use /),
      expect.stringMatching(/^#7 set_entry /),
      `  - ${mapped}`,
      `  + ${gone}`,
      expect.stringMatching(/^#3 set_entry /),
      '  - host: unknown',
      `  + ${mapped}`,
    ]);
  });

  it('an mfn: its page_info and who maps it', () => {
    const watched = said('watch mfn 0x100', 'watch', 'watch', 'goto end', 'rwatch', 'rwatch', 'rwatch');
    expect(seqs(watched)).toEqual([1, 3, 7, 9, 7, 3, 1]);
    expect(watched).toContain('  + mapped: 1:0x10 (host)');
    expect(debug(['goto end', 'watch mfn 0x100']).stderr).toContain('P2M_NOT_FOUND');
  });

  it('a lock by its class: who holds it', () => {
    const watched = said('watch lock p2m', 'watch', 'watch', 'watch', 'rwatch', 'rwatch');
    expect(seqs(watched)).toEqual([2, 4, 6, 8, 6, 4]);
    expect(watched.slice(0, 3)).toEqual([
      expect.stringMatching(/^#2 lock_acquire /),
      `  - ${lock.lock}: held by nobody that is known`,
      `  + ${lock.lock}: held by pcpu 0 (write) since #2`,
    ]);
  });
});

describe('debug tells', () => {
  it('the event with all its fields, and those around it', () => {
    const shown = said('goto 3', 'show').slice(1);
    expect(Object.fromEntries(shown.map(line => line.split(/ +/)))).toMatchObject({
      seq: '3',
      kind: 'set_entry',
      domid: '1',
      gfn: '0x10',
      mfn: '0x100',
      cur_domid: '0',
      cur_vcpu: '3',
    });
    const listed = said('goto 3', 'list 1').slice(1);
    expect(listed.map(line => line.slice(0, 5))).toEqual(['  #2 ', '> #3 ', '  #4 ']);
  });

  it('who did it: the event, the last writer of a gfn, the holder of a lock', () => {
    const removed =
      'pcpu 0 d0v3 p2m_remove_page (inferred from the p2m lock it held), at 0xffff82d0402dc73a, ' +
      'holding p2m 0xffff830120101010 since #6';
    expect(said('goto 7', 'who')[2]).toBe(`  ${removed}`);
    expect(said('goto end', 'who gfn 1:0x10').slice(1)).toEqual([
      expect.stringMatching(/^#7 set_entry /),
      `  ${removed}`,
    ]);
    expect(said('goto 3', 'who lock p2m')[1]).toMatch(/^#2 lock_acquire /);
    expect(debug(['goto 1', 'who gfn 1:0x10']).stderr).toContain('P2M_NOT_FOUND');
  });

  it('why a page is as it is: who allocated it, mapped it, took it away', () => {
    const why = said('goto end', 'why mfn 0x100').join('\n');
    expect(why).toMatch(/^allocated the page .* #1 page_alloc /m);
    expect(why).toMatch(/^mapped it last, at gfn 1:0x10@host .* #3 set_entry .* p2m_add_page \(by p2m lock\)$/m);
    expect(why).toMatch(/^ended that mapping .* #7 set_entry .* p2m_remove_page \(by p2m lock\)$/m);
  });

  it('the history of a gfn, and the difference to another point', () => {
    expect(said('history gfn 1:0x10').filter(line => /^ +\d/.test(line))).toEqual([
      expect.stringMatching(/^ +3 +7 +mapping /),
      expect.stringMatching(/^ +5 +5 +lookup /),
      expect.stringMatching(/^ +7 +lasts +mapping /),
    ]);
    expect(said('goto 4', 'diff end').filter(line => line.startsWith('p2m'))).toEqual([
      expect.stringMatching(/mfn=0x100 .*p2m_type=invalid/),
    ]);
  });
});

describe('debug shows every table of the state', () => {
  const frame = { domid: 1, gfn: 0x20 };
  const EVENTS = [
    { kind: 'sched_switch', pcpu: 0, domid: 1, vcpu: 0, runstate: 0 },
    { kind: 'page_alloc', mfn: 0x100, order: 0, owner: 1 },
    { ...add, kind: 'lock_acquire' },
    { ...entry, mfn: 0x100, p2m_type: 'ram_rw' },
    { kind: 'm2p_set', mfn: 0x100, gfn: 0x10 },
    { kind: 'view_create', domid: 1, view: 'altp2m:1' },
    { kind: 'pod_cache_add', domid: 1, mfn: 0x200, order: 0, count: 1, entry_count: 4 },
    { kind: 'page_nominate', ...frame, mfn: 0x120 },
    { kind: 'share_nominate', domid: 1, gfn: 0x30, mfn: 0x130, rmap_count: 1 },
    { kind: 'grant_map', pcpu: 0, domid: 1, owner: 2, mfn: 0x140, ref: 8, handle: 3, flags: ['host_map'] },
    { kind: 'tlb_flush_deferred', domid: 1, view: 'host' },
    { kind: 'phys_to_machine_set', domid: 3, gfn: 0x50, mfn: 0x150, flags: ['foreign'] },
  ];
  /** What the one row of each table must say. */
  const ROWS: Readonly<Record<string, RegExp>> = {
    p2m: /1 +host +0x10 +1 +0x100 +ram_rw/,
    m2p: /0x100 +0x10 /,
    pages: /0x100 +1 +allocated +1 /,
    locks: /0 +0xffff830120101010 +p2m +16 +write +1 +2 /,
    contexts: /0 +1 +0 /,
    views: /1 +altp2m:1 /,
    pod: /1 +1 +4 +1/,
    paging: /1 +0x20 +ram_paging_out/,
    sharing: /0x130 +1 +0x30 +1 /,
    grants: /grant +1 +2 +0x140 .* 8 +3 +host_map/,
    tlb: /1 +host +10/,
    linux: /3 +.*0x50 +0x150 +foreign/,
  };
  it('by the names that replay --show has', () => {
    importEvents('tables', EVENTS);
    // Each goto shows the last event, which tells one table from the next.
    const input = STATE_TABLES.map(table => `show ${table}\ngoto end`).join('\n');
    const { stdout } = fine(['debug', temp('tables.arrow'), '--at', 'end'], { input });
    const tables = stdout.split(/^#11 .*\n/m);
    expect(Object.keys(ROWS)).toEqual([...STATE_TABLES]);
    for (const [i, name] of STATE_TABLES.entries()) {
      const [head, ...rows] = tables[i].trimEnd().split('\n');
      expect(head).toMatch(/^ *(domid|mfn|pcpu|kind) {2}/);
      expect(rows.join('\n'), name).toMatch(ROWS[name]);
    }
  });
});

describe('a script', () => {
  it('is a file or stdin, with comments, beginnings of names, and an end', () => {
    const lines = ['# a comment', '', 'g end', 'quit', 'goto 1'];
    writeFileSync(temp('script.txt'), lines.join('\r\n'));
    const last = '#9 page_use mfn=0x100 flags=write domid=1  [pcpu 1]\n';
    expect(fine(['debug', temp('story.arrow'), '--script', temp('script.txt')])).toMatchObject({ stdout: last });
    expect(debug(lines, '--script', '-')).toMatchObject({ code: 0, stdout: last, stderr: '' });
  });

  it('ends with exit code 2 at the first line that fails; --keep-going runs the others', () => {
    const lines = ['goto 1', 'gone 2', 'goto 3'];
    const ended = debug(lines);
    expect(ended.code).toBe(2);
    expect(seqs(ended.stdout.split('\n'))).toEqual([1]);
    expect(ended.stderr).toMatch(/P2M_COMMAND: there is no command gone.*\(line 2\)/);
    const all = debug(lines, '--keep-going');
    expect(all.code).toBe(2);
    expect(seqs(all.stdout.split('\n'))).toEqual([1, 3]);
  });

  it('refuses what it does not understand, with a code, and stands where it stood', () => {
    const refused = [
      ['s', 'P2M_COMMAND: s may be one of several'],
      ['step 0', 'P2M_COMMAND: 0 is no number of events'],
      ['goto', 'P2M_COMMAND: a position is missing'],
      ['goto 10', 'P2M_POSITION: there is no event 10'],
      ['next', 'P2M_COMMAND: there is no condition to repeat'],
      ['next kind ==', 'P2M_EXPRESSION: '],
      ['watch', 'P2M_COMMAND: there is nothing to watch'],
      ['watch gfn', 'P2M_COMMAND: a subject is two words'],
      ['why lock gone', 'P2M_SUBJECT: the trace has no lock gone'],
      ['show p2m one', 'P2M_COMMAND: one is not understood'],
      ['show p2m 1 altp2m:7', 'P2M_VIEW: '],
    ];
    const { code, stdout, stderr } = debug([...refused.map(([line]) => line), 'step'], '--keep-going', '--at', '#5');
    expect({ code, seqs: seqs(stdout.split('\n')) }).toEqual({ code: 2, seqs: [6] });
    expect(stderr.split('\n').filter(line => line.startsWith('p2mtrace: '))).toEqual(
      refused.map(([, text], i) => expect.stringMatching(new RegExp(`^p2mtrace: ${text}.*line ${i + 1}\\b`))),
    );
  });

  it('that is absent is wrong usage, and a trace that is absent an unreadable input', () => {
    expect(p2mtrace(['debug', temp('story.arrow'), '--script', temp('absent')])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('P2M_SCRIPT'),
    });
    expect(p2mtrace(['debug', temp('absent.arrow')], { input: 'goto end' })).toMatchObject({ code: 3, stdout: '' });
  });

  it('runs on what is left of a trace that was cut, and the exit code says so', () => {
    importEvents('cut', STORY);
    truncateSync(temp('cut.arrow'), 40_000);
    const { code, stderr } = p2mtrace(['debug', temp('cut.arrow')], { input: 'goto start' });
    expect(code).toBe(3);
    expect(stderr).toContain('P2M_CUT');
  });
});
