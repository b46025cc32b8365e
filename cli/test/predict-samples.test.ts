import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { needsBuild, p2mtrace } from './support/cli.js';

needsBuild();
const FOLDER = fileURLToPath(new URL('../../samples/predict/', import.meta.url));

/** By trace: what samples/predict/README.md says of it. A deadlock across fork and join is a limit of the method. */
const FOUND: Readonly<Record<string, number>> = {
  'standard.std': 1,
  'same-thread.std': 0,
  'guard-lock.std': 0,
  'write-read.std': 0,
  'handed-over.std': 0,
  'fork-join.std': 0,
  'joined-before.std': 0,
};

it('has a verdict for each trace', () => {
  expect(Object.keys(FOUND).sort()).toEqual(readdirSync(FOLDER).filter(name => name.endsWith('.std')));
});

it.each(Object.entries(FOUND))('%s', (name, count) => {
  const args = ['analyze', FOLDER + name, '--only', 'lock-order.predicted-deadlock', '--format', 'json', '-q'];
  const { stdout, code } = p2mtrace(args);
  const { findings } = JSON.parse(stdout);
  expect([findings.length, code]).toEqual([count, count > 0 ? 1 : 0]);
  for (const { confidence } of findings) expect(confidence).toBe('proven');
});
