import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
const HOT = fileURLToPath(new URL('../../samples/plugins/hot-gfn.ts', import.meta.url));
const hot = (writes: string) => ['--plugin', HOT, '--plugin-option', `acme/hot-gfn.writes=${writes}`];
/** Of acme/hot-gfn.writes, as `rules` lists it. */
const listed = (cwd: string, ...options: string[]) => {
  const { code, stdout } = p2mtrace(['rules', ...options], { cwd });
  expect(code).toBe(0);
  return /--plugin-option acme\/hot-gfn\.writes=(.*)/.exec(stdout)?.[1];
};
/** A folder with a configuration that names the sample. */
function project(name: string, options: string): string {
  mkdirSync(temp(name));
  const config = `export default { plugins: [${JSON.stringify(HOT)}], pluginOptions: ${options} };`;
  writeFileSync(temp(`${name}/p2mtrace.config.mjs`), config);
  return temp(name);
}

it('rules lists options, with what they were set to', () => {
  expect(listed('.', '--plugin', HOT)).toBe('20');
  expect(listed('.', ...hot('30'))).toBe('30');
  const { stdout } = p2mtrace(['rules', '--format', 'json', ...hot('30')]);
  expect(JSON.parse(stdout).rules.at(-1)).toMatchObject({
    analyzer: 'acme/hot-gfn',
    options: { writes: 30, failures: 0.5 },
  });
});

it('the configuration sets them, and the command line before it', () => {
  const cwd = project('both', "{ 'acme/hot-gfn': { writes: 40 } }");
  expect(listed(cwd)).toBe('40');
  expect(listed(cwd, '--plugin-option', 'acme/hot-gfn.writes=50')).toBe('50');
});

it.each([
  ['acme/hot-gfm.writes=1', 'P2M_PLUGIN_OPTION: there is no plugin acme/hot-gfm'],
  ['acme/hot-gfn.wrties=1', 'P2M_PLUGIN_OPTION: acme/hot-gfn has no option wrties'],
  ['acme/hot-gfn.writes=1', '(field acme/hot-gfn.writes)'],
  ['acme/hot-gfn.writes', 'P2M_USAGE: '],
])('--plugin-option %s is refused', (text, message) => {
  const { code, stdout, stderr } = p2mtrace(['rules', '--plugin', HOT, '--plugin-option', text]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
});

it('what a configuration sets wrongly is refused, and the message names it', () => {
  const cwd = project('wrong', "{ 'acme/hot-gfn': { writes: 'many' } }");
  expect(p2mtrace(['rules'], { cwd })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('(p2mtrace.config.mjs, field acme/hot-gfn.writes)'),
  });
});

it('an audit judges a trace again where they changed, wherever they are set', () => {
  const writes = Array.from({ length: 25 }, (_, i) =>
    JSON.stringify({ kind: 'set_entry', domid: 1, gfn: 0x10, mfn: 0x100 + i, order: 0, p2m_type: 'ram_rw' }),
  );
  mkdirSync(temp('in'));
  writeFileSync(temp('in/hot.ndjson'), writes.join('\n'));
  const audit = (cwd: string, ...options: string[]): string[] => {
    const args = [
      'audit',
      temp('in'),
      '--workers',
      '1',
      '--no-history',
      '--state',
      temp('state'),
      '--reporter',
      'json',
    ];
    const { code, stdout } = p2mtrace([...args, '--only', 'acme/hot-gfn', ...options], { cwd });
    expect(code).toBe(0);
    return JSON.parse(stdout).findings.map(({ rule }: { rule: string }) => rule);
  };
  const results = () => readdirSync(temp('state/results')).length;
  expect(audit(temp('.'), ...hot('25'))).toEqual(['acme/hot-gfn.rewritten']);
  expect(audit(temp('.'), ...hot('26'))).toEqual([]);
  expect(results()).toBe(2);
  expect(audit(temp('.'), ...hot('25'))).toEqual(['acme/hot-gfn.rewritten']);
  expect(results()).toBe(2);
  // By a configuration that nobody named: the one that lies there.
  expect(audit(project('many', "{ 'acme/hot-gfn': { writes: 26 } }"))).toEqual([]);
  expect(audit(project('few', "{ 'acme/hot-gfn': { writes: 25 } }"))).toEqual(['acme/hot-gfn.rewritten']);
  expect(p2mtrace(['audit', temp('in'), '--state', temp('state'), ...hot('x')])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('P2M_PLUGIN_OPTION'),
  });
});
