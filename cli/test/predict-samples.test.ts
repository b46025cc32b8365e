import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { needsBuild, p2mtrace } from './support/cli.js';

needsBuild();
const FOLDER = fileURLToPath(new URL('../../samples/predict/', import.meta.url));

/** By trace: how many deadlocks samples/predict/README.md says there are, but for the two that are no sync-preserving ones. */
const FOUND: Readonly<Record<string, number>> = {
  'agarwal-2010.std': 1,
  'fork-join.std': 0,
  'guard-lock.std': 0,
  'handed-over.std': 0,
  'joined-before.std': 0,
  'same-thread.std': 0,
  'standard.std': 1,
  'stoller-16.std': 0,
  'stoller-27-later.std': 0,
  'stoller-27.std': 1,
  'stoller-68.std': 1,
  'write-read.std': 0,
};

it('has a verdict for each trace', () => {
  expect(Object.keys(FOUND).sort()).toEqual(
    readdirSync(FOLDER)
      .filter(name => name.endsWith('.std'))
      .sort(),
  );
});

it.each(Object.entries(FOUND))('%s', (name, count) => {
  const args = ['analyze', FOLDER + name, '--only', 'lock-order.predicted-deadlock', '--format', 'json', '-q'];
  const { stdout, code } = p2mtrace(args);
  const { findings } = JSON.parse(stdout);
  expect([findings.length, code]).toEqual([count, count > 0 ? 1 : 0]);
  for (const { confidence } of findings) expect(confidence).toBe('proven');
});
