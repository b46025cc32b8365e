import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const COPY = mkdtempSync(join(tmpdir(), 'p2mtrace-new-'));
afterAll(() => rmSync(COPY, { recursive: true, force: true }), 60_000);

const CONTRIBUTING = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
/** The paths in the table of one of its sections, with a name put in where one stands for it. */
function namedIn(section: string, names: Readonly<Record<string, string>>): string[] {
  const [, text] = new RegExp(`\n## ${section}\n([\\s\\S]*?)(?=\n## |$)`).exec(CONTRIBUTING) ?? [];
  const paths = [...text.matchAll(/^\| `([^`]+)`/gm)].map(([, path]) => path);
  const filled = (path: string) =>
    Object.entries(names).reduce((made, [key, name]) => made.replaceAll(key, name), path);
  return paths.map(filled).sort();
}

/** Not in the copy: what is large, and what is linked instead. */
const LEFT_OUT = new Set(['.git', 'node_modules', 'bench', join('cli', 'bundle')]);
/** As vitest.config.ts, but for the build before all tests: those that run in the copy need none. */
const CONFIG = `const resolve = { conditions: ['p2mtrace-source'] };
export default { resolve, ssr: { resolve }, test: { testTimeout: 60_000 } };`;

/** Copies the repository with what is built of it. Packages of others are linked, its own are those of the copy. */
function copyRepository(): void {
  const options = { recursive: true, verbatimSymlinks: true, preserveTimestamps: true };
  cpSync(ROOT, COPY, { ...options, filter: path => !LEFT_OUT.has(relative(ROOT, path)) });
  mkdirSync(join(COPY, 'node_modules'));
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    const [from, to] = [join(ROOT, 'node_modules', name), join(COPY, 'node_modules', name)];
    if (name === '.pnpm') symlinkSync(from, to, 'junction');
    else if (!name.startsWith('.vite')) cpSync(from, to, options);
  }
  writeFileSync(join(COPY, 'vitest.copy.config.mjs'), CONFIG);
}

function run(script: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(COPY, script), ...args], {
    cwd: COPY,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** What `npm run new` writes, and what it says is left. */
function layOut(what: string, name: string) {
  const { status, stdout, stderr } = run('scripts/new.mjs', what, name);
  expect(status, stderr).toBe(0);
  const [files, left] = stdout.split('\n\n');
  return { files: files.split('\n'), left };
}

interface Test {
  readonly title: string;
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

/** Runs those tests of the files whose names have one of these words. */
function runTests(files: readonly string[], ...words: string[]): Test[] {
  const args = ['run', ...files, '-t', words.join('|'), '--reporter=json', '--config=vitest.copy.config.mjs'];
  const { stdout, stderr } = run('node_modules/vitest/vitest.mjs', ...args, '--maxWorkers=1');
  const [found] = /^\{.*\}$/ms.exec(stdout) ?? [];
  expect(found, stderr).toBeDefined();
  const { testResults } = JSON.parse(found as string) as {
    testResults: { message: string; assertionResults: Test[] }[];
  };
  // A file that can't be loaded.
  expect(testResults.map(({ message }) => message).join('')).toBe('');
  return testResults.flatMap(({ assertionResults }) => assertionResults).filter(({ status }) => status !== 'skipped');
}

const RULE = 'refcount.made-up';
const KIND = 'made_up_kind';
let rule: ReturnType<typeof layOut>;
let kind: ReturnType<typeof layOut>;

beforeAll(() => {
  expect(inject('buildProblem')).toBe('');
  copyRepository();
  rule = layOut('rule', RULE);
  kind = layOut('kind', KIND);
}, 60_000);

test('a rule touches the files that CONTRIBUTING.md names, at most eight', () => {
  expect(rule.files.toSorted()).toEqual(namedIn('Add a rule', { ANALYZER: 'refcount', RULE: 'made-up' }));
  expect(rule.files.length).toBeLessThanOrEqual(8);
});

test('each says what belongs there, but for lists of names', () => {
  const files = [...rule.files, ...kind.files].filter(file => !/\/(index|registry)\.ts$/.test(file));
  expect(files.filter(file => !readFileSync(join(COPY, file), 'utf8').includes('TODO: '))).toEqual([]);
});

test('a kind touches the files that CONTRIBUTING.md names, and the others are listed in both', () => {
  expect(kind.files.toSorted()).toEqual(namedIn('Add an event kind', { NAME: 'made-up-kind' }));
  const left = [...kind.left.matchAll(/^- (\w[\w./-]+):/gm)].map(([, path]) => path);
  expect(left.length).toBeGreaterThan(8);
  expect(left.filter(path => !CONTRIBUTING.includes(`\`${path}\``))).toEqual([]);
  expect(left.filter(path => !existsSync(join(ROOT, path)))).toEqual([]);
});

describe('right after it', () => {
  test('the project builds', () => {
    expect(run('node_modules/typescript/bin/tsc', '-b')).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('tests fail, where something is to be written', () => {
    const files = ['packages/analyzers/test/rule-texts.test.ts', 'test/corpus.test.ts'];
    const own = kind.files.filter(file => file.endsWith('.test.ts'));
    const all = runTests([...files, ...own], RULE, KIND);
    const failed = all.filter(({ status }) => status === 'failed');
    const ofRule = failed.filter(({ fullName }) => fullName.includes(RULE)).map(({ title }) => title);
    expect(ofRule.sort()).toEqual([
      'and none of them on the near miss',
      'gives these findings, and nothing else that is proven',
      'has nothing left that is to be written',
      'is confirmed by its query',
    ]);
    const ofKind = failed.filter(({ fullName }) => fullName.includes(KIND));
    expect(ofKind.map(({ failureMessages }) => /TODO: [^,\n]*/.exec(failureMessages.join(''))?.[0]).sort()).toEqual([
      'TODO: a record that decodes and one that does not fit',
      'TODO: the rows of the state after it',
    ]);
    expect(failed.length).toBe(ofRule.length + ofKind.length);
    const passed = all.filter(({ status }) => status === 'passed').map(({ title }) => title);
    expect(passed).toContain(`${KIND} is the same after an import and an export`);
  });
});

test.each([
  ['rule', RULE, /made-up\.ts is there already/],
  ['rule', 'refcounts.x', /no analyzer refcounts: one of .*refcount/],
  ['rule', 'leak', /named ANALYZER\.RULE/],
  ['kind', 'lookup', /there is a kind lookup/],
  ['kind', 'Look-Up', /named in small letters/],
  ['rules', 'x.y', /npm run new rule ANALYZER\.RULE/],
])('new %s %s is refused', (what, name, message) => {
  expect(run('scripts/new.mjs', what, name)).toEqual({ status: 2, stdout: '', stderr: expect.stringMatching(message) });
});
