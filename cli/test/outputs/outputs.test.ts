import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { BIN, fine, needsBuild, p2mtrace, tempDir } from '../support/cli.js';

needsBuild();
const temp = tempDir();
const SAMPLE = join(import.meta.dirname, '../../../samples/corpus/rules/refcount.leak/trace.ndjson');
let trace = '';
beforeAll(() => {
  trace = temp('trace.arrow');
  fine(['import', SAMPLE, '-o', trace, '-q']);
});

/** A folder of its own. */
function folder(name: string): (file: string) => string {
  mkdirSync(temp(name));
  return file => join(temp(name), file);
}

/** Runs p2mtrace, whose stdout is bytes. */
function bytesOf(args: readonly string[]): Buffer {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], { maxBuffer: 1 << 28 });
  expect([0, 1], stderr.toString()).toContain(status);
  return stdout;
}

/** What comes out of a FIFO while p2mtrace writes to it. */
async function throughFifo(path: string, args: readonly string[]): Promise<Buffer> {
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  const reader = spawn('cat', [path]);
  const pieces: Buffer[] = [];
  reader.stdout.on('data', piece => pieces.push(piece));
  const end = new Promise(resolve => reader.on('close', resolve));
  const ended = p2mtrace(args);
  expect([0, 1], ended.stderr).toContain(ended.code);
  await end;
  expect(statSync(path, { bigint: true }).isFIFO()).toBe(true);
  return Buffer.concat(pieces);
}

/** Commands that write one file, with an output each of whose bytes follow from the input. */
const FORMS: readonly (readonly [name: string, args: (output: string) => string[]])[] = [
  ['a trace', output => ['import', SAMPLE, '-q', '-o', output]],
  ['a piece', output => ['trim', trace, '--from', 'start', '--to', 'end', '-o', output]],
  ['NDJSON', output => ['export', trace, '-o', output]],
  [
    'Parquet',
    output => ['sql', trace, 'select seq, kind from events order by seq', '--format', 'parquet', '-o', output],
  ],
  ['Arrow', output => ['sql', trace, 'select seq from events order by seq', '--format', 'arrow', '-o', output]],
  ['JSON', output => ['audit', trace, '--state', temp('state'), '--no-history', '--reporter', `json=${output}`]],
];

describe.each(FORMS)('%s', (name, args) => {
  it('goes to a file, to stdout and to a FIFO, with the same bytes', async () => {
    const at = folder(name);
    const ended = p2mtrace(args(at('file')));
    expect([0, 1], ended.stderr).toContain(ended.code);
    const bytes = readFileSync(at('file'));
    expect(bytes.length).toBeGreaterThan(100);
    expect(bytesOf(args('-')).equals(bytes)).toBe(true);
    expect(bytesOf(args('/dev/stdout')).equals(bytes)).toBe(true);
    expect((await throughFifo(at('fifo'), args(at('fifo')))).equals(bytes)).toBe(true);
    expect(readdirSync(temp(name)).sort()).toEqual(['fifo', 'file']);
  });
});

describe('links', () => {
  it('are followed to a file, and stay', () => {
    const at = folder('links');
    writeFileSync(at('real'), 'old', { mode: 0o640 });
    chmodSync(at('real'), 0o640);
    symlinkSync('real', at('link'));
    symlinkSync('nowhere', at('dangling'));
    symlinkSync('circle', at('circle'));
    fine(['export', trace, '-o', at('link')]);
    fine(['export', trace, '-o', at('dangling')]);
    expect(lstatSync(at('link')).isSymbolicLink() && lstatSync(at('dangling')).isSymbolicLink()).toBe(true);
    expect(readFileSync(at('real')).equals(readFileSync(at('nowhere')))).toBe(true);
    expect(statSync(at('real')).mode & 0o777).toBe(0o640);
    const { code, stderr } = p2mtrace(['export', trace, '-o', at('circle')]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('symbolic links go round in circles')]);
  });

  it('at names that unfinished files once had are not touched', () => {
    const at = folder('planted');
    writeFileSync(at('victim'), 'mine');
    for (const name of ['out.partial', 'out.whole', `out.partial-${process.pid}`]) symlinkSync('victim', at(name));
    fine(['export', trace, '-o', at('out')]);
    fine(['sql', trace, 'select 1', '-o', at('out')]);
    expect(readFileSync(at('victim'), 'utf8')).toBe('mine');
  });
});

describe('an output that is', () => {
  it('an input or another output is refused, by whatever name', () => {
    const at = folder('same');
    writeFileSync(at('t.arrow'), readFileSync(trace));
    linkSync(at('t.arrow'), at('hard'));
    symlinkSync('t.arrow', at('soft'));
    const audit = ['audit', at('t.arrow'), '--state', at('state'), '--no-history'];
    for (const args of [
      ['export', at('t.arrow'), '--format', 'arrow', '-o', at('hard')],
      ['report', at('t.arrow'), '-o', at('soft')],
      ['sql', at('t.arrow'), 'select 1', '-o', at('t.arrow')],
      [...audit, '--reporter', `json=${at('hard')}`],
      [...audit, '--reporter', `json=${at('new')}`, '--reporter', `sarif=${at('new')}`],
      [...audit, '--baseline', at('base'), '--reporter', `json=${at('base')}`],
    ]) {
      const { code, stderr } = p2mtrace(args);
      expect([code, stderr], args.join(' ')).toEqual([2, expect.stringContaining('P2M_SAME_FILE')]);
    }
    expect(readFileSync(at('t.arrow')).equals(readFileSync(trace))).toBe(true);
  });

  it.each([
    ['', 'no file can have such a name'],
    ['.', 'it is a directory'],
    ['none/out', 'there is no such folder'],
    ['none/', 'it is a directory'],
    ['n'.repeat(300), 'ENAMETOOLONG'],
    ['\ufffd', 'not UTF-8'],
  ])('no file name is refused: %j', (output, why) => {
    const { code, stderr } = p2mtrace(['export', trace, '-o', output], { cwd: temp('.') });
    expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
  });

  it('a name of 255 bytes is made', () => {
    const at = folder('long');
    fine(['export', trace, '-o', at('ä'.repeat(127))]);
    fine(['export', trace, '--format', 'parquet', '-o', at('b'.repeat(255))]);
    expect(readdirSync(temp('long'))).toHaveLength(2);
  });
});

describe('what the system refuses is told', () => {
  it.each([
    ['export', ['export', '-o', 'out']],
    ['Parquet', ['export', '--format', 'parquet', '-o', 'out']],
    ['a report', ['report', '-o', 'out']],
    ['a result', ['sql', 'select * from range(100000)', '-o', 'out.arrow']],
  ])('of a file that may not be so large: %s', (name, [command, ...args]) => {
    const at = folder(`small ${name}`);
    const words = [process.execPath, BIN, command, trace, ...args];
    const { status, stderr } = spawnSync('bash', ['-c', 'ulimit -f 1; "$@"', '-', ...words], {
      cwd: at('.'),
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([2, expect.stringContaining('P2M_WRITE')]);
    expect(readdirSync(at('.'))).toEqual([]);
  });

  it('of a full stdout, also for help', () => {
    for (const args of [['--help'], ['export', '--help'], ['export', trace], ['export', trace, '-o', '-']]) {
      const full = openSync('/dev/full', 'w');
      const { status, stderr } = spawnSync(process.execPath, [BIN, ...args], { stdio: ['ignore', full, 'pipe'] });
      closeSync(full);
      expect([status, stderr.toString()], args.join(' ')).toEqual([2, expect.stringContaining('P2M_OUTPUT')]);
    }
  });

  it('of a folder for temporary files that is not there', () => {
    const { status, stderr } = spawnSync(process.execPath, [BIN, 'compare', trace, trace], {
      env: { ...process.env, TMPDIR: temp('none') },
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([2, expect.stringMatching(/P2M_WRITE: .*TMPDIR.*ENOENT/)]);
  });
});

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s ends a command, and nothing of its output is left',
  async signal => {
    const at = folder(signal);
    const args = ['generate', '--events', '3000000', '-o', at('out')];
    const child = spawn(process.execPath, [BIN, ...args], { stdio: 'ignore' });
    const end = new Promise(resolve => child.on('close', (_, by) => resolve(by)));
    await expect.poll(() => readdirSync(at('.')).length, { timeout: 60_000, interval: 10 }).toBe(1);
    child.kill(signal);
    expect(await end).toBe(signal);
    expect(readdirSync(at('.'))).toEqual([]);
  },
);
