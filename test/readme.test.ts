import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const BIN = join(ROOT, 'cli/bin/p2mtrace.js');
const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-readme-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  expect(inject('buildProblem')).toBe('');
  symlinkSync(join(ROOT, 'samples'), join(folder, 'samples'), 'junction');
});

/** Commands of a page's shell blocks, in their order; without those that need a capture or a hypervisor. */
function commandsOf(page: string): string[] {
  const blocks = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)];
  return blocks
    .flatMap(([, block]) => block.split('\n'))
    .map(line => line.replace(/ {2,}# .*/, ''))
    .filter(line => /^(?:npx p2mtrace|node samples)/.test(line) && !line.includes('capture.bin '));
}

const COMMANDS = ['README.md', 'samples/README.md', 'docs/travel.md', 'docs/plugins.md', 'docs/findings.md'].flatMap(
  page => commandsOf(page).map(line => ({ page, line })),
);

test.skipIf(process.platform === 'win32').each(COMMANDS)('$page: $line', ({ line }) => {
  const command = line.replace(/^npx p2mtrace/, `"${process.execPath}" "${BIN}"`);
  const { status, stderr } = spawnSync(command, {
    shell: true,
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: folder },
  });
  // The samples that are analyzed have a defect.
  const fails = / (analyze|report) /.test(line) && !line.includes('--fail-on none');
  expect(status, stderr).toBe(fails ? 1 : 0);
});

test('the commands are found', () => {
  expect(COMMANDS.length).toBeGreaterThan(15);
});

test('the session in docs/travel.md is what the prompt says', () => {
  const [, session] = /```text\n(start> [\s\S]*?)```/.exec(readFileSync(join(ROOT, 'docs/travel.md'), 'utf8')) ?? [];
  const [commands, answers] = [true, false].map(typed =>
    session.split('\n').filter(line => /^(?:start|#\d+)> /.test(line) === typed),
  );
  const input = commands.map(line => line.slice(line.indexOf('> ') + 2)).join('\n');
  const made = spawnSync(process.execPath, [BIN, 'debug', join(folder, 'stale.arrow')], { input, encoding: 'utf8' });
  expect(made).toMatchObject({ status: 0, stdout: answers.join('\n') });
});
