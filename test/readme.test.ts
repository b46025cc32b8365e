import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { documents } from '../scripts/docs.mjs';

const ROOT = join(import.meta.dirname, '..');
const BIN = join(ROOT, 'cli/bin/p2mtrace.js');
const CASES = 'samples/corpus/rules';
const PAGES = ['README.md', 'samples/README.md', ...documents().map((name: string) => `docs/${name}`)];

/** Commands of the documents that no test can run, and why. */
const NOT_RUN: readonly (readonly [RegExp, string])[] = [
  [/\bxentrace -|p2mtrace record\b/, 'needs a machine that runs Xen'],
  [/^npm (?:test|run (?:demo|docs|bench))\b/, 'runs this test, or builds what the other tests run'],
  [/p2mtrace ui\b/, 'serves until Ctrl-C; tests of it are in cli/test/ui'],
  [/p2mtrace audit merge\b/, 'needs the shards of all machines; tests of it are in cli/test/fleet'],
  [/p2mtrace (?:worker|queue)\b|--queue\b|^redis-/, 'needs Redis and workers; tests of it are in cli/test/fleet'],
  [/^SEEDS=|^node bench/, 'takes minutes'],
];

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-readme-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A folder for each page, with the files that its commands speak of. */
const folderOf = (page: string) => join(folder, page.replaceAll('/', '-'));

beforeAll(() => {
  expect(inject('buildProblem')).toBe('');
  const files = join(folder, 'files');
  mkdirSync(join(files, 'traces'), { recursive: true });
  const at = (name: string) => join(files, name);
  const sample = (rule: string) => join(ROOT, CASES, rule, 'trace.ndjson');
  const capture = join(ROOT, 'samples/captures/stock-mem-pvh.bin.gz');
  writeFileSync(at('capture.bin'), gunzipSync(readFileSync(capture)));
  // As what nm said, so that binutils need not be there.
  for (const name of ['xen-syms', 'xen-syms.map']) writeFileSync(at(name), 'ffff82d0402dc73a T p2m_remove_page\n');
  copyFileSync(join(ROOT, 'cli/test/fixtures/balloon.bin.zst'), at('capture.bin.zst'));
  writeFileSync(at('philosophers.std'), 'T1|acq(L1)|1\nT1|acq(L2)|2\nT1|rel(L2)|3\nT1|rel(L1)|4\n');
  copyFileSync(sample('refcount.leak'), at('case.ndjson'));
  copyFileSync(sample('refcount.leak'), at('traces/leak.ndjson'));
  for (const name of ['4.17.bin', '4.18.bin']) copyFileSync(sample('lock-order.level'), at(name));
  const made = [
    ['import', capture, '-o', at('trace.arrow'), '--xen-version', '4.17.7', '--cpu-hz', '2.5G', '-q'],
    ['import', sample('refcount.leak'), '-o', at('leak.arrow'), '-q'],
    ['import', sample('use-after-unmap.stale-translation'), '-o', at('stale.arrow'), '-q'],
  ].map(args => spawnSync(process.execPath, [BIN, ...args]).status);
  expect(made).toEqual([0, 0, 0]);
  copyFileSync(at('leak.arrow'), at('before.arrow'));
  // It is whole: of a cut one, repair would tell what is gone by its exit code.
  copyFileSync(at('leak.arrow'), at('cut.arrow'));
  writeFileSync(at('nightly.config.ts'), 'export default {};\n');
  copyFileSync(at('stale.arrow'), at('after.arrow'));
  for (const page of PAGES) {
    cpSync(files, folderOf(page), { recursive: true });
    symlinkSync(join(ROOT, 'samples'), join(folderOf(page), 'samples'), 'junction');
  }
}, 120_000);

/** Commands of a page's shell blocks, in their order, without comments; one may go over several lines. */
function commandsOf(page: string): string[] {
  const blocks = readFileSync(join(ROOT, page), 'utf8').matchAll(/```(?:sh|console)\n([\s\S]*?)```/g);
  return [...blocks].flatMap(([, block]) => {
    const commands: string[] = [];
    let open = '';
    for (const line of block.split('\n')) {
      const text = open === '' ? line.replace(/^\$ /, '').replace(/ +# .*/, '') : `${open}\n${line}`;
      // A quotation that is not closed goes on in the next line, and so does what ends with a backslash.
      const isOpen = text.endsWith('\\') || text.replace(/'[^']*'|"[^"]*"/g, '').match(/['"]/) !== null;
      open = isOpen ? text : '';
      if (!isOpen && text.trim() !== '' && !text.startsWith('#')) commands.push(text);
    }
    expect(open, page).toBe('');
    return commands;
  });
}

const COMMANDS = PAGES.flatMap(page => commandsOf(page).map(line => ({ page, line })));
const isRun = (line: string) => !NOT_RUN.some(([pattern]) => pattern.test(line));
const isOurs = (line: string) => /\bp2mtrace\b|^npm |^node samples/.test(line);

/** As it is run here: our own p2mtrace, and files that are there. */
function runnable(line: string): string {
  return line
    .replace(/(^|\| )(?:npx )?p2mtrace\b/g, `$1"${process.execPath}" "${BIN}"`)
    .replaceAll('/var/log/xentrace', 'traces')
    .replaceAll('/boot/xen-syms.map', 'xen-syms.map')
    .replaceAll('~/.local/share/bash-completion/completions/', '');
}

interface Pending {
  readonly promise: Promise<Ended>;
  readonly resolve: (ended: Ended) => void;
}

function withResolver(): Pending {
  let resolve: (ended: Ended) => void = () => {};
  const promise = new Promise<Ended>(done => {
    resolve = done;
  });
  return { promise, resolve };
}

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
}

function run({ page, line }: { page: string; line: string }): Promise<Ended> {
  const env = { ...process.env, TMPDIR: folder };
  const child = spawn(runnable(line), { shell: true, cwd: folderOf(page), env, stdio: ['pipe', 'ignore', 'pipe'] });
  // A prompt that is no terminal reads statements.
  child.stdin.on('error', () => {}).end(/ sql \S+$/.test(line) ? 'select 1' : '');
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text;
  });
  return new Promise(done => child.on('close', status => done({ status, stderr })));
}

const RUN = COMMANDS.filter(({ line }) => isOurs(line) && isRun(line));
const ENDED = new Map<(typeof RUN)[number], Pending>();

/** Two pages at a time; the commands of one run in their order. */
async function runPages(): Promise<void> {
  const pages = [...PAGES];
  const worker = async () => {
    for (let page = pages.shift(); page !== undefined; page = pages.shift()) {
      for (const command of RUN.filter(one => one.page === page)) ENDED.get(command)?.resolve(await run(command));
    }
  };
  await Promise.all([worker(), worker()]);
}

describe.skipIf(process.platform === 'win32')('commands run as they are written:', () => {
  let all: Promise<void>;
  beforeAll(() => {
    for (const command of RUN) ENDED.set(command, withResolver());
    all = runPages();
  });
  afterAll(() => all, 600_000);

  test.each(RUN)('$page: $line', { timeout: 600_000 }, async command => {
    const { status, stderr } = (await ENDED.get(command)?.promise) ?? { status: -1, stderr: 'it was not run' };
    // Samples that are judged have a defect: 1 is as good as 0.
    const judges = / (?:analyze|report|audit|compare) /.test(command.line) && !command.line.includes('--fail-on none');
    expect(judges && status === 1 ? 0 : status, stderr).toBe(0);
  });
});

test('commands that are not run are few, and each reason is needed', () => {
  const skipped = COMMANDS.filter(({ line }) => !isRun(line));
  expect(skipped.length).toBeLessThan(COMMANDS.length / 5);
  for (const [pattern] of NOT_RUN.slice(0, 2)) expect(skipped.some(({ line }) => pattern.test(line))).toBe(true);
});

test('scripts of npm that are named exist', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const named = COMMANDS.flatMap(({ line }) => /^npm (?:run )?(\w+)/.exec(line)?.[1] ?? []);
  expect(named.length).toBeGreaterThan(1);
  expect(named.filter(name => scripts[name] === undefined && name !== 'ci' && name !== 'install')).toEqual([]);
});

test('the commands are found', () => {
  expect(COMMANDS.length).toBeGreaterThan(80);
});

test('the findings in README.md are what analyze says of its samples', () => {
  const shown = readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/```text\n(error [\s\S]*?)```/g);
  const blocks = [...shown].map(([, block]) => block);
  expect(blocks).toHaveLength(2);
  for (const block of blocks) {
    const [, trace] = / explain (\w+\.arrow) /.exec(block) ?? [];
    const { stdout } = spawnSync(process.execPath, [BIN, 'analyze', trace], {
      cwd: join(folder, 'files'),
      encoding: 'utf8',
    });
    expect(stdout).toContain(block);
  }
});

test('the session in docs/travel.md is what the prompt says', () => {
  const [, session] = /```text\n(start> [\s\S]*?)```/.exec(readFileSync(join(ROOT, 'docs/travel.md'), 'utf8')) ?? [];
  const [commands, answers] = [true, false].map(typed =>
    session.split('\n').filter(line => /^(?:start|#\d+)> /.test(line) === typed),
  );
  const input = commands.map(line => line.slice(line.indexOf('> ') + 2)).join('\n');
  const trace = join(folderOf('docs/travel.md'), 'stale.arrow');
  const made = spawnSync(process.execPath, [BIN, 'debug', trace], { input, encoding: 'utf8' });
  expect(made).toMatchObject({ status: 0, stdout: answers.join('\n') });
});
