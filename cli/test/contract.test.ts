import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { generateTrace } from '@p2mtrace/analyzers';
import { importNdjson } from '@p2mtrace/trace-format';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { COMMANDS } from '../src/commands.js';
import { Progress } from '../src/render/progress.js';
import { Terminal } from '../src/terminal.js';
import { captureBytes, SMALL } from './support/captures.js';
import { ended, fine, needsBuild, start, tempDir } from './support/cli.js';
import { runHere, sink } from './support/in-process.js';

needsBuild();
const temp = tempDir();
const DEFECT = '../../samples/corpus/rules/refcount.leak/trace.ndjson';
const ndjson = new URL(DEFECT, import.meta.url).pathname;

beforeAll(async () => {
  await importNdjson(ndjson, 'leak', temp('leak.arrow'));
  writeFileSync(temp('capture.bin'), captureBytes(SMALL));
  writeFileSync(temp('capture.bin.gz'), gzipSync(captureBytes(SMALL)));
});
afterEach(() => vi.unstubAllEnvs());

describe('JSON', () => {
  const leak = () => temp('leak.arrow');
  it.each<[string, () => string[]]>([
    ['info', () => [leak()]],
    ['validate', () => [leak()]],
    ['analyze', () => [leak()]],
    ['replay', () => [leak()]],
    ['replay', () => [leak(), '--show', 'pages']],
    ['history', () => [leak(), 'domain', '1']],
    ['diff', () => [leak()]],
    ['rules', () => []],
    ['explain', () => ['refcount.leak']],
    ['sql', () => [leak(), 'select 1 as one']],
    ['trim', () => [leak(), '-o', temp('piece.arrow')]],
    ['compare', () => [leak(), leak()]],
  ])('of %s has schemaVersion, and --json is short for it', async (name, args) => {
    const short = await runHere([name, ...args(), '--json']);
    expect(JSON.parse(short.stdout)).toMatchObject({ schemaVersion: 1 });
    expect(short.stdout).toBe((await runHere([name, ...args(), '--format', 'json'])).stdout);
  });

  it('is an option of every command that has that format', () => {
    const has = (flag: string, { options }: (typeof COMMANDS)[number]) => options.find(one => one.flags === flag);
    const lacking = COMMANDS.filter(one => has('--format <format>', one)?.choices?.includes('json') === true).filter(
      one => has('--json', one) === undefined,
    );
    expect(lacking).toEqual([]);
  });

  it('contradicts another format', async () => {
    const { code, stderr } = await runHere(['rules', '--json', '--format', 'pretty']);
    expect(code).toBe(2);
    expect(stderr).toContain('contradict');
  });
});

describe('colors', () => {
  const colored = async (args: string[], isTTY = false) =>
    (await runHere(['rules', ...args], isTTY)).stdout.includes('\u001b[');
  it.each<[Record<string, string>, string[], boolean, boolean]>([
    [{}, [], false, false],
    [{}, [], true, true],
    [{ NO_COLOR: '1' }, [], true, false],
    [{ NO_COLOR: '' }, [], true, true],
    [{ FORCE_COLOR: '1' }, [], false, true],
    [{ FORCE_COLOR: '0' }, [], true, false],
    [{ NO_COLOR: '1' }, ['--color', 'always'], false, true],
    [{ FORCE_COLOR: '1' }, ['--color', 'never'], true, false],
    [{ FORCE_COLOR: '1' }, ['--color', 'auto'], false, true],
  ])('with %j and %j, on a terminal: %s', async (env, args, isTTY, expected) => {
    for (const name of ['NO_COLOR', 'FORCE_COLOR']) vi.stubEnv(name, env[name] ?? undefined);
    expect(await colored(args, isTTY)).toBe(expected);
  });
});

describe('messages', () => {
  const exported = (...args: string[]) => runHere([...args, '--format', 'csv', '-o', temp('out.csv')]);
  it('say what was written; quiet says nothing, verbose more', async () => {
    const { stderr } = await exported('export', temp('leak.arrow'));
    const size = readFileSync(temp('out.csv')).length.toLocaleString('en');
    expect(stderr).toBe(`${temp('out.csv')}: ${size} bytes\n`);
    expect((await exported('--quiet', 'export', temp('leak.arrow'))).stderr).toBe('');
    expect((await exported('export', '-q', temp('leak.arrow'))).stderr).toBe('');
    expect((await exported('export', '-v', temp('leak.arrow'))).stderr).toMatch(/export: \d.* s, \d+ MB/);
    expect((await exported('export', '-qv', temp('leak.arrow'))).code).toBe(2);
  });

  it('show progress with rate and remaining time, on a terminal only', async () => {
    for (const isTTY of [true, false]) {
      const { stream, text } = sink(isTTY);
      const progress = new Progress({ out: new Terminal(stream), err: new Terminal(stream) }, 'auto', 'events', 2000);
      await new Promise(resolve => setTimeout(resolve, 110));
      for (const done of [500, 1000]) progress.update(done);
      await new Promise(resolve => setTimeout(resolve, 250));
      progress.update(1000);
      progress.end();
      if (isTTY) expect(text()).toMatch(/#{5,} *\] \d+ % of 2,000 events, [\d,]+\/s, \d+ s left/);
      else expect(text()).toBe('');
    }
  });
});

describe('a name that is nearly right', () => {
  it.each([
    [['anlyze'], 'analyze'],
    [['analyze', 'x', '--onyl', 'y'], '--only'],
    [['analyze', 'T', '--only', 'refcount.leek'], 'refcount.leak'],
    [['explain', 'refcount.laek'], 'refcount.leak'],
    [['replay', 'T', '--show', 'p2mm'], 'p2m'],
    [['replay', 'T', '--view', 'hosst'], 'host'],
    [['analyze', 'T', '--fail-on', 'eror'], 'error'],
    [['export', 'T', '--format', 'perfeto'], 'perfetto'],
    [['import', 'capture.bin', '-o', 'x.arrow', '--layout', 'P6x'], 'P6'],
    [['generate', '-o', 'x.arrow', '--fault', 'refcount.leek'], 'refcount.leak'],
    [['history', 'T', 'lokc', 'p2m'], 'lock'],
    [['history', 'T', 'lock', 'p2n'], 'p2m'],
    [['history', 'T', 'domain', '1', '--where', 'knd == mark'], 'kind'],
    [['sql', 'T', 'select * from eventz'], 'events'],
    [['sql', 'T', 'select knd from events'], 'kind'],
    [['audit', 'T', '--reporter', 'sariff', '--no-history'], 'sarif'],
    [['completion', 'fisch'], 'fish'],
    [['help', 'postions'], 'positions'],
  ])('%j: the one that was meant is named', async (args, meant) => {
    const trace = temp('locks.arrow');
    writeFileSync(
      temp('locks.ndjson'),
      '{"kind":"lock_acquire","pcpu":0,"lock":"0xa","lock_class":"p2m","mode":"write"}\n',
    );
    await importNdjson(temp('locks.ndjson'), 'locks', trace);
    const paths = args.map(arg => (arg === 'T' ? trace : /\.(?:arrow|bin)$/.test(arg) ? temp(arg) : arg));
    const { code, stderr } = await runHere(paths);
    expect(stderr).toMatch(new RegExp(`(?:did you mean|Candidate bindings).*${meant}`, 'i'));
    expect(code).toBe(2);
  });
});

describe('a capture in the place of a trace', () => {
  const analyzed = (path: string) => runHere(['sql', path, 'select seq, gfn, mfn from events', '--format', 'csv']);
  it('is read as the trace that import makes of it, and nothing is left', async () => {
    vi.stubEnv('TMPDIR', temp('.'));
    await runHere(['import', temp('capture.bin'), '-o', temp('capture.arrow'), '-q']);
    const expected = await analyzed(temp('capture.arrow'));
    expect(expected.stdout.split('\n')).toHaveLength(6);
    for (const name of ['capture.bin', 'capture.bin.gz']) {
      const { code, stdout, stderr } = await analyzed(temp(name));
      expect({ code, stdout }).toEqual({ code: 0, stdout: expected.stdout });
      expect(stderr).toContain('temporary');
    }
    for (const command of ['info', 'analyze', 'replay', 'report']) {
      expect((await runHere([command, temp('capture.bin')])).code, command).toBe(0);
    }
    expect((await runHere(['analyze', ndjson])).code).toBe(1);
    expect(readdirSync(temp('.')).filter(name => name.startsWith('p2mtrace'))).toEqual([]);
  });

  it('comes through a pipe; so does a trace', () => {
    const input = readFileSync(temp('capture.bin.gz'));
    const { stdout } = fine(['info', '-', '--json'], { input });
    expect(JSON.parse(stdout)).toMatchObject({ events: 4, metadata: { source: '-', format: 'xentrace' } });
    const trace = fine(['info', '-', '--json'], { input: readFileSync(temp('leak.arrow')) });
    expect(JSON.parse(trace.stdout).metadata.source).toBe('leak');
  });

  it.skipIf(process.platform === 'win32')('is gone after a signal', async () => {
    vi.stubEnv('TMPDIR', temp('.'));
    const child = start(['debug', temp('capture.bin'), '--script', '-']);
    const done = ended(child);
    await new Promise(resolve => child.stderr?.once('data', resolve));
    expect(readdirSync(temp('.')).filter(name => name.startsWith('p2mtrace'))).toHaveLength(1);
    child.kill('SIGTERM');
    await done;
    expect(child.signalCode).toBe('SIGTERM');
    expect(readdirSync(temp('.')).filter(name => name.startsWith('p2mtrace'))).toEqual([]);
  });
});

describe('the same question', () => {
  beforeAll(async () => {
    // Several threads of DuckDB have something to do.
    const load = { scenario: 'mixed', events: 12_000, seed: 3, guests: 2, pcpus: 4, late: 0.05, skew: 0 };
    await generateTrace(temp('load.arrow'), { ...load, faults: ['refcount.leak'] });
  });

  it.each([
    ['export', '--format', 'ndjson'],
    ['export', '--format', 'csv'],
    ['export', '--format', 'arrow', '--from', '100'],
    ['export', '--format', 'parquet'],
    ['export', '--format', 'perfetto'],
    ['report'],
  ])('has the same bytes as answer: %s %s %s', async (...args) => {
    const outputs: Buffer[] = [];
    for (let i = 0; i < 2; i++) {
      await runHere([args[0], temp('load.arrow'), ...args.slice(1), '-o', temp('same')]);
      outputs.push(readFileSync(temp('same')));
      rmSync(temp('same'));
    }
    expect(outputs[0].length).toBeGreaterThan(1000);
    for (const output of outputs) expect(output.equals(outputs[0])).toBe(true);
  });
});
