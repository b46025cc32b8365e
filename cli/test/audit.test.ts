import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { captureBytes, SMALL } from './support/captures.js';
import { needsBuild, p2mtrace, start, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
const RULES = fileURLToPath(new URL('../../samples/corpus/rules/', import.meta.url));
const fires = (rule: string) => join(RULES, rule, 'trace.ndjson');
const audit = (...args: string[]) => p2mtrace(['audit', ...args, '--workers', '1'], { cwd: temp('.') });
const report = () => JSON.parse(readFileSync(temp('report.json'), 'utf8'));

/** The folder to audit: one finding in two traces, another in one, and a file that is no trace. */
beforeAll(() => {
  mkdirSync(temp('in/deep'), { recursive: true });
  copyFileSync(fires('refcount.leak'), temp('in/a.ndjson'));
  copyFileSync(fires('refcount.leak'), temp('in/deep/b.ndjson'));
  copyFileSync(fires('lock-order.level'), temp('in/c.ndjson'));
  writeFileSync(temp('in/broken.ndjson'), '{\n');
});

it('tells what is new, in which traces, and what could not be judged', () => {
  const { code, stdout } = audit('in', '--reporter', 'pretty', '--reporter', 'json=report.json');
  expect(code).toBe(1);
  expect(stdout).toContain('in/broken.ndjson: P2M_NDJSON');
  expect(stdout).toContain('4 files, 3 contents, 1 of them could not be judged; 2 new findings (3 occurrences)');
  const { findings, traces } = report();
  const found = findings.map(({ rule, state, traces: where }: never) => [
    rule,
    state,
    (where as { path: string }[]).map(({ path }) => path),
  ]);
  expect(found.sort()).toEqual([
    ['lock-order.level', 'new', ['in/c.ndjson']],
    ['refcount.leak', 'new', ['in/a.ndjson', 'in/deep/b.ndjson']],
  ]);
  expect(traces.map(({ path }: { path: string }) => path)).toEqual([
    'in/a.ndjson',
    'in/broken.ndjson',
    'in/c.ndjson',
    'in/deep/b.ndjson',
  ]);
});

it('judges what could be read of a capture that was cut, and says so; an import that fails tells why', () => {
  const whole = captureBytes(SMALL);
  mkdirSync(temp('cut'));
  writeFileSync(temp('cut/last-byte.bin'), whole.subarray(0, whole.length - 1));
  // Stored, not compressed: the cut lies inside the first line.
  writeFileSync(temp('cut/line.ndjson.gz'), gzipSync('{"kind":"mark"}', { level: 0 }).subarray(0, 10 + 5 + 9));
  const { code } = audit('cut', '--reporter', 'json=cut.json', '--state', 'cut-state', '--no-history');
  expect(code).toBe(3);
  const [bytes, line] = JSON.parse(readFileSync(temp('cut.json'), 'utf8')).traces;
  expect(bytes).toMatchObject({ events: 3, problem: null });
  expect(bytes.notices).toEqual([expect.stringMatching(/^P2M_INPUT_DAMAGED: .*cut.*; the trace has everything that/)]);
  expect(line).toMatchObject({ events: 0, problem: { code: 'P2M_NDJSON' } });
  expect(line.notices).toEqual(['P2M_GZIP: the gzip was cut behind byte 24']);
  // What could be read of it is clean, but that is not all of it.
  const partial = audit('cut/last-byte.bin', '--state', 'cut-state', '--no-history');
  expect([partial.code, partial.stdout]).toEqual([3, expect.stringContaining('0 new findings')]);
});

describe('a second run', () => {
  it('judges nothing that is unchanged, and gives the same report', () => {
    const before = report();
    const results = join(temp('.'), '.p2mtrace', 'results');
    const old = new Date(2020, 1, 1);
    for (const name of readdirSync(results)) utimesSync(join(results, name), old, old);
    audit('in', '--reporter', 'json=report.json');
    expect(report()).toEqual(before);
    for (const name of readdirSync(results)) expect(statSync(join(results, name)).mtime).toEqual(old);
  });

  it('judges a file whose content has changed, whatever its name', () => {
    copyFileSync(fires('refcount.underflow'), temp('in/c.ndjson'));
    audit('in', '--reporter', 'json=report.json');
    expect(
      report()
        .findings.map(({ rule }: { rule: string }) => rule)
        .sort(),
    ).toEqual(['refcount.leak', 'refcount.underflow']);
  });

  it('takes damaged results for none', () => {
    const results = join(temp('.'), '.p2mtrace', 'results');
    for (const name of readdirSync(results)) writeFileSync(join(results, name), '{"version":1');
    const before = report();
    audit('in', '--reporter', 'json=report.json');
    expect(report()).toEqual(before);
  });
});

describe('what is known', () => {
  it('does not fail, once it is the baseline', () => {
    expect(audit('in', '--update-baseline').code).toBe(3);
    expect(audit('in').code).toBe(3);
    rmSync(temp('in/broken.ndjson'));
    const { code, stdout } = audit('in');
    expect([code, stdout]).toEqual([
      0,
      '3 files, 2 contents; 0 new findings, 2 known, 0 suppressed, 0 no longer seen\n',
    ]);
  });

  it('is told when it is gone, and pruned when asked', () => {
    rmSync(temp('in/c.ndjson'));
    expect(audit('in').stdout).toContain('no longer seen: refcount.underflow');
    audit('in', '--prune-baseline');
    const { findings } = JSON.parse(readFileSync(temp('p2mtrace-baseline.json'), 'utf8'));
    expect(findings.map(({ rule }: { rule: string }) => rule)).toEqual(['refcount.leak']);
  });

  it('may be suppressed, with a reason and a last day; unused and expired ones are told', () => {
    copyFileSync(fires('lock-order.level'), temp('in/d.ndjson'));
    audit('in', '--reporter', 'json=report.json');
    const { id } = report().findings.find(({ rule }: { rule: string }) => rule === 'lock-order.level');
    const suppress = (finding: string, ...more: string[]) =>
      p2mtrace(['suppress', finding, '--reason', 'a test', ...more], { cwd: temp('.') });
    expect(suppress(id).code).toBe(0);
    suppress('00000000');
    suppress('11111111', '--expires', '2020-01-01');
    const { code, stdout } = audit('in');
    expect(code).toBe(0);
    expect(stdout).toContain('unused suppression: 00000000 (a test)');
    expect(stdout).toContain('expired suppression: 11111111 (until 2020-01-01)');
    expect(stdout).toContain('0 new findings, 1 known, 1 suppressed');
    // One that has expired does not hold.
    suppress(id, '--expires', '2020-01-01');
    expect(audit('in').code).toBe(1);
    expect(suppress(id, '--expires', 'soon').code).toBe(2);
  });

  it('is refused where the file is none', () => {
    writeFileSync(temp('bad.json'), '{"version":2}');
    expect(audit('in', '--baseline', 'bad.json').stderr).toContain('P2M_BASELINE: bad.json');
    expect(audit('in', '--suppressions', 'bad.json').stderr).toContain('P2M_SUPPRESSIONS: bad.json');
  });
});

it('that was killed goes on where it was', async () => {
  cpSync(temp('in'), temp('killed/in'), { recursive: true });
  const run = (...args: string[]) =>
    p2mtrace(['audit', 'in', '--reporter', 'json=r.json', ...args], { cwd: temp('killed') });
  run('--state', 'whole');
  const whole = readFileSync(temp('killed/r.json'), 'utf8');
  rmSync(temp('killed/r.json'));
  for (const delay of [150, 500, 900]) {
    const child = start([
      'audit',
      temp('killed/in'),
      '--state',
      temp('killed/cut'),
      '--reporter',
      `json=${temp('killed/r.json')}`,
    ]);
    await new Promise(resolve => setTimeout(resolve, delay));
    child.kill('SIGKILL');
  }
  run('--state', 'cut');
  const clean = (text: string) => text.replaceAll(/\/(?:whole|cut)\//g, '/state/');
  expect(clean(readFileSync(temp('killed/r.json'), 'utf8'))).toBe(clean(whole));
});

it('keeps history, and charts it', () => {
  const { code, stdout } = p2mtrace(['trend', '--format', 'csv'], { cwd: temp('.') });
  expect(code).toBe(0);
  const [head, ...nights] = stdout.split('\n\n')[0].split('\n');
  expect(head).toBe('night,findings,new,fixed,still there,occurrences,files,contents');
  // The first night had three traces with a finding each, two of them the same, and a file that is no trace.
  expect(nights[0]).toMatch(/,2,2,0,0,3,4,3$/);
  // Then the lock's finding was gone, and another one there.
  expect(nights).toContainEqual(expect.stringMatching(/,2,1,1,1,3,4,3$/));
  expect(stdout).toMatch(/^refcount\.leak,findings,less,1,/m);
  expect(p2mtrace(['trend', '--state', 'nowhere'], { cwd: temp('.') }).stderr).toContain('P2M_HISTORY');
});

it('compares two traces', () => {
  const args = ['compare', fires('refcount.leak'), fires('refcount.underflow')];
  const { code, stdout } = p2mtrace([...args, '--format', 'json']);
  expect(code).toBe(1);
  const { findings, metrics } = JSON.parse(stdout);
  expect(findings.map(({ state, rule }: { state: string; rule: string }) => [state, rule])).toEqual([
    ['new', 'refcount.underflow'],
    ['fixed', 'refcount.leak'],
  ]);
  expect(metrics[0]).toMatchObject({ name: 'events', change: null });
  expect(p2mtrace([...args, '--fail-on', 'none']).code).toBe(0);
});
