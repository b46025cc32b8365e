import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { fine, needsBuild, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
const FOLDER = fileURLToPath(new URL('..', import.meta.url));

/** Analyzes a trace on one thread and on two, and counts the workers that this started. */
const SCRIPT = `
import { analyzeTrace } from '@p2mtrace/analyzers';
import { TraceReader } from '@p2mtrace/trace-format';
let workers = 0;
process.on('worker', () => workers++);
const reader = TraceReader.open(process.argv[1]);
const one = await analyzeTrace(reader, { threads: 1 });
const before = workers;
const two = await analyzeTrace(reader, { threads: 2 });
reader.close();
console.log(JSON.stringify({ one, two, before, workers }));
`;

it('finds the same on two threads as on one', () => {
  const faults = ['refcount.leak', 'refcount.underflow', 'lock-order.level', 'use-after-unmap.use-after-free'];
  const options = faults.flatMap(rule => ['--fault', rule]);
  fine(['generate', '-o', temp('load.arrow'), '--events', '20000', '--seed', '7', ...options]);
  const args = ['--input-type=module', '--eval', SCRIPT, temp('load.arrow')];
  const { one, two, before, workers } = JSON.parse(
    execFileSync(process.execPath, args, { cwd: FOLDER, encoding: 'utf8' }),
  );
  expect([before, workers]).toEqual([0, 1]);
  expect(two).toEqual(one);
  const found = new Set(one.findings.map(({ rule }: { rule: string }) => rule));
  for (const rule of faults) expect(found).toContain(rule);
});
