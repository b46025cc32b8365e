import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { fine, needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();

/** Event i maps gfn i of domain 1 or 2, on pcpu 0 or 1, a millisecond behind the one before. */
const EVENTS = 100;
const trace = () => temp('trace.arrow');
beforeAll(() => {
  const lines = Array.from({ length: EVENTS }, (_, i) => {
    const at = { tsc: 5_000_000 + i * 1_000_000, pcpu: i % 2 };
    return JSON.stringify({
      kind: 'set_entry',
      ...at,
      domid: 1 + (i % 2),
      gfn: i,
      mfn: i + 7,
      order: 0,
      p2m_type: 'ram_rw',
    });
  });
  writeFileSync(temp('events.ndjson'), lines.join('\n'));
  fine(['import', temp('events.ndjson'), '-o', trace(), '--cpu-hz', '1G']);
});

const entriesOf = (path: string, ...more: string[]) =>
  fine(['replay', path, '--show', 'p2m', '--format', 'csv', '--no-index', ...more])
    .stdout.trimEnd()
    .split('\n')
    .slice(1)
    // The event that wrote an entry has another seq in a piece.
    .map(line => line.slice(0, line.lastIndexOf(',')));

describe('p2mtrace trim', () => {
  it('writes a piece that replays to the state of the whole, and says what it has', () => {
    const { stdout, stderr } = fine([
      'trim',
      trace(),
      '--from',
      '#40',
      '--to',
      '#59',
      '-o',
      temp('small.arrow'),
      '--format',
      'json',
    ]);
    expect(JSON.parse(stdout).rows).toEqual([
      { piece: temp('small.arrow'), from_seq: 40, to_seq: 59, events: 20, snapshots: 40 },
    ]);
    expect(stderr).toMatch(/^\S+small\.arrow: [\d,]+ bytes\n$/);
    expect(entriesOf(temp('small.arrow'))).toEqual(entriesOf(trace(), '--at', '#59'));
    expect(fine(['validate', temp('small.arrow')]).code).toBe(0);
    expect(fine(['info', temp('small.arrow')]).stdout).toMatch(
      /piece +events 40 to 59 of trace\.arrow, behind 40 snapshots/,
    );
  });

  it('takes positions in time, and says what a piece of a domain lacks and can tell', () => {
    const { stderr } = fine([
      'trim',
      trace(),
      '--from',
      '+9ms',
      '--to',
      '+19ms',
      '--domain',
      '2',
      '-o',
      temp('domain.arrow'),
    ]);
    expect(stderr.slice(stderr.indexOf('\n') + 1)).toBe(
      'p2mtrace: events were left out of these kinds: set_entry\n' +
        "  what they tell of their domains' p2m, views, PoD, paging, foreign mappings and pages is what the whole tells\n",
    );
    expect(entriesOf(temp('domain.arrow'))).toEqual(entriesOf(trace(), '--at', '+19ms', '--domain', '2'));
    expect(fine(['info', temp('domain.arrow')]).stdout).toMatch(/of +domain 2\n +left out +events of set_entry\n/);
  });

  it.each([
    ['a position that is none', ['--from', '1d'], 'P2M_POSITION'],
    ['an end before the start', ['--from', '#9', '--to', '#3'], 'P2M_RANGE'],
    ['an event that is not there', ['--to', '#100'], 'P2M_POSITION'],
    ['a pcpu that is none', ['--pcpu', '0,x'], 'P2M_USAGE'],
  ])('refuses %s', (_, options, code) => {
    const { code: exit, stderr } = p2mtrace(['trim', trace(), '-o', temp('refused.arrow'), ...options]);
    expect([exit, stderr.split(':')[1]?.trim()]).toEqual([2, code]);
    expect(existsSync(temp('refused.arrow'))).toBe(false);
  });

  it('does not overwrite its input', () => {
    const { code, stderr } = p2mtrace(['trim', trace(), '-o', trace()]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('P2M_SAME_FILE')]);
  });
});

describe('p2mtrace split', () => {
  const split = (name: string, ...options: string[]) =>
    p2mtrace(['split', trace(), '-o', temp(`${name}-{n}.arrow`), '--format', 'csv', ...options]);
  const rows = (stdout: string) =>
    stdout
      .trimEnd()
      .split('\n')
      .slice(1)
      .map(line => line.slice(line.lastIndexOf('/') + 1));

  it('numbers pieces in their order, so that their names sort', () => {
    const { code, stdout } = split('n', '--into', '10');
    expect(code).toBe(0);
    expect(rows(stdout)[0]).toBe('n-01.arrow,0,9,10,0');
    expect(rows(stdout)[9]).toBe('n-10.arrow,90,99,10,90');
    expect(readdirSync(temp('')).filter(name => name.startsWith('n-'))).toHaveLength(10);
    expect(entriesOf(temp('n-07.arrow'))).toEqual(entriesOf(trace(), '--at', '#69'));
  });

  it('cuts by events, time, domain and pcpu', () => {
    expect(rows(split('e', '--every', '60').stdout)).toEqual(['e-1.arrow,0,59,60,0', 'e-2.arrow,60,99,40,60']);
    // Up to 50 ms after the first TSC, and behind that.
    expect(rows(split('t', '--every', '50ms').stdout)).toEqual(['t-1.arrow,0,50,51,0', 't-2.arrow,51,99,49,51']);
    expect(rows(split('d', '--by', 'domain').stdout)).toEqual(['d-1.arrow,0,99,50,0', 'd-2.arrow,0,99,50,0']);
    expect(rows(split('c', '--by', 'pcpu').stdout)).toEqual(['c-0.arrow,0,99,50,0', 'c-1.arrow,0,99,50,0']);
    expect(entriesOf(temp('d-2.arrow'))).toEqual(entriesOf(trace(), '--domain', '2'));
  });

  it.each([
    ['no cut', []],
    ['two cuts', ['--into', '2', '--by', 'pcpu']],
    ['a length that is none', ['--every', 'week']],
    ['pieces shorter than a tick', ['--every', '0.1ns']],
  ])('refuses %s', (_, options) => {
    const { code, stderr } = split('r', ...options);
    expect([code, stderr]).toEqual([2, expect.stringContaining('P2M_PIECES')]);
  });

  it('refuses one name for all pieces', () => {
    const { code, stderr } = p2mtrace(['split', trace(), '--into', '2', '-o', temp('one.arrow')]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('P2M_PIECES')]);
  });
});
