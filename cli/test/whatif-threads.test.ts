import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { fine, needsBuild, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
const FOLDER = fileURLToPath(new URL('..', import.meta.url));

/** Tries all designs on one thread and on three, and counts the workers that this started. */
const SCRIPT = `
import { whatIf, whatIfOnThreads } from '@p2mtrace/replayer';
import { TraceReader } from '@p2mtrace/trace-format';
let workers = 0;
process.on('worker', () => workers++);
const reader = TraceReader.open(process.argv[1]);
const options = { pcpus: 512, overlay: 'spread', foreign: 'while-mapped', seed: 3 };
const one = whatIf(reader, options);
const short = await whatIfOnThreads(reader, { ...options, pcpus: 2 }, 3);
const before = workers;
const three = await whatIfOnThreads(reader, options, 3);
const names = ({ rows, siteName }) => rows.map(({ blame }) => blame.map(({ holder, waiter }) => [siteName(holder), siteName(waiter)]));
const plain = result => ({ ...result, names: names(result) });
console.log(JSON.stringify({ one: plain(one), three: plain(three), short: short.rows.length, before, workers }));
reader.close();
`;

it('says the same on three threads as on one', { timeout: 120_000 }, () => {
  fine(['generate', '-o', temp('load.arrow'), '--events', '5000', '--seed', '7']);
  const args = ['--input-type=module', '--eval', SCRIPT, temp('load.arrow')];
  const { one, three, short, before, workers } = JSON.parse(
    execFileSync(process.execPath, args, { cwd: FOLDER, encoding: 'utf8', maxBuffer: 1 << 28 }),
  );
  // A short trace is done before a thread has started.
  expect([short, before, workers]).toEqual([17, 0, 2]);
  expect(three).toEqual(one);
  expect(one.rows.filter(({ waited }: { waited: number }) => waited > 0).length).toBeGreaterThan(10);
});
