import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { BIN, needsBuild, p2mtrace, tempDir } from '../support/cli.js';

needsBuild();
const temp = tempDir();
const rule = (name: string) =>
  fileURLToPath(new URL(`../../../samples/corpus/rules/${name}/trace.ndjson`, import.meta.url));
const eventsOf = (name: string) => readFileSync(rule(name), 'utf8').match(/^\{"kind"/gm)?.length;
const args = (...more: string[]) => [BIN, 'audit', ...more];
const audit = (...more: string[]) => p2mtrace(['audit', '--no-history', ...more], { cwd: temp('.') });
const read = (name: string) => JSON.parse(readFileSync(temp(name), 'utf8'));

beforeAll(() => {
  mkdirSync(temp('in'));
  for (const name of ['refcount.leak', 'lock-order.level']) copyFileSync(rule(name), temp(`in/${name}`));
  copyFileSync(rule('refcount.leak'), temp('in/again'));
});

it('is shared by audits at the same time: one report, nothing of one lost in the other', async () => {
  const both = ['1', '2'].map(name => {
    const more = ['in', '--state', 'both', '--workers', '3', '--reporter', `json=${name}.json`];
    return spawn(process.execPath, args(...more), { cwd: temp('.'), stdio: 'ignore' });
  });
  const codes = await Promise.all(both.map(async one => (await once(one, 'exit'))[0]));
  expect(codes).toEqual([1, 1]);
  const [one, other] = [read('1.json'), read('2.json')];
  expect(other).toEqual(one);
  expect(one.contents).toBe(2);
  expect(one.traces.map((trace: { path: string; events: number }) => [trace.path, trace.events])).toEqual([
    ['in/again', eventsOf('refcount.leak')],
    ['in/lock-order.level', eventsOf('lock-order.level')],
    ['in/refcount.leak', eventsOf('refcount.leak')],
  ]);
  // Two contents were judged once each, and nothing else is left but the history and what was read.
  expect(readdirSync(temp('both/results'))).toHaveLength(2);
  expect(readdirSync(temp('both/traces'))).toHaveLength(4);
  expect(readdirSync(temp('both/locks'))).toEqual([]);
  const { stdout } = p2mtrace(['trend', '--state', 'both', '--format', 'csv'], { cwd: temp('.') });
  expect(stdout.split('\n').slice(1, 3)).toEqual([
    expect.stringMatching(/,2,2,0,0,3,3,2$/),
    expect.stringMatching(/,2,0,0,2,3,3,2$/),
  ]);
});

it('tries again what failed for a full disk', () => {
  // Files may have no more than one block: what is written beyond it fails, as on a full disk.
  const limited = `ulimit -f 1; exec "$@"`;
  const more = ['in', '--state', 'full', '--no-history', '--reporter', 'json'];
  const { stdout, status } = spawnSync('sh', ['-c', limited, 'sh', process.execPath, ...args(...more)], {
    cwd: temp('.'),
    encoding: 'utf8',
  });
  expect(status).toBe(3);
  for (const { problem } of JSON.parse(stdout).traces) expect(problem.code).toMatch(/^P2M_(?:WRITE|OUTPUT)$/);
  expect(readdirSync(temp('full/traces'))).toEqual([]);
  expect(audit('in', '--state', 'full').code).toBe(1);
});

it('makes a damaged trace of the state folder again, with its notices, and says so', () => {
  audit('in', '--state', 'both', '--reporter', 'json=before.json');
  for (const name of readdirSync(temp('both/results'))) rmSync(temp(`both/results/${name}`));
  const [first, second] = readdirSync(temp('both/traces')).filter(name => name.endsWith('.arrow'));
  writeFileSync(temp(`both/traces/${first}`), '');
  // The same size, but other bytes in a column.
  const bytes = readFileSync(temp(`both/traces/${second}`));
  writeFileSync(temp(`both/traces/${second}`), bytes.fill(0x55, bytes.length >> 1, (bytes.length >> 1) + 64));
  const { stderr } = audit('in', '--state', 'both', '--reporter', 'json=after.json');
  expect(read('after.json')).toEqual(read('before.json'));
  expect(stderr).toContain('put aside');
});

it('is never green by accident', () => {
  mkdirSync(temp('empty'));
  const none = audit('empty');
  expect([none.code, none.stdout]).toEqual([3, expect.stringContaining('not as expected: there is no trace to judge')]);
  writeFileSync(temp('empty/notes.txt'), 'no trace\n');
  expect(audit('empty', '--verbose').stderr).toContain('passed over empty/notes.txt: neither trace nor capture');
  mkdirSync(temp('clean'));
  const clean = fileURLToPath(new URL('../../../samples/corpus/rules/refcount.leak/near-miss.ndjson', import.meta.url));
  copyFileSync(clean, temp('night.dat'));
  symlinkSync(temp('night.dat'), temp('clean/link'));
  writeFileSync(temp('clean/notes.txt'), 'no trace\n');
  const fine = audit('clean', '--expect', '1', '--max-age', '1h');
  expect([fine.code, fine.stdout]).toEqual([0, expect.stringContaining('1 file, 1 passed over; 0 new findings')]);
  const few = audit('clean', '--expect', '2', '--reporter', 'github');
  expect([few.code, few.stdout]).toEqual([3, '::error title=audit::1 trace could be judged, 2 expected\n']);
  const old = new Date(Date.now() - 7.2e6);
  utimesSync(temp('night.dat'), old, old);
  expect(audit('clean', '--max-age', '1h').code).toBe(3);
  expect(audit('clean', '--max-age', '3h').code).toBe(0);
});

it('judges again with another plugin, and says which took part', () => {
  const plugin = (title: string) => `export const title = '${title}';`;
  writeFileSync(temp('title.mjs'), plugin('before'));
  writeFileSync(
    temp('plugin.mjs'),
    `import { defineAnalyzer } from '@p2mtrace/analyzers';
     import { title } from './title.mjs';
     export default defineAnalyzer({ id: 'acme/any', rules: [{ id: 'acme/any.all', title, severity: 'note',
       confidence: 'proven', sql: 'select seq as at_event from events limit 1',
       doc: 'd', fires: 'f', nearMiss: 'n', belief: { basis: 'customary', source: 's' } }] });`,
  );
  writeFileSync(temp('p2mtrace.config.mjs'), "export default { plugins: ['./plugin'] }");
  const titles = (...more: string[]) => {
    const { stdout, stderr } = audit('clean', '--reporter', 'json', ...more);
    expect(stderr).toBe('');
    const { config, plugins, findings } = JSON.parse(stdout);
    return [config, plugins, findings.map(({ title }: { title: string }) => title)];
  };
  expect(titles()).toEqual(['p2mtrace.config.mjs', ['./plugin'], ['before']]);
  writeFileSync(temp('title.mjs'), plugin('after'));
  expect(titles()).toEqual(['p2mtrace.config.mjs', ['./plugin'], ['after']]);
  expect(titles('--no-config')).toEqual([null, [], []]);
  rmSync(temp('p2mtrace.config.mjs'));
});
