import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { importXentraceFile } from '@p2mtrace/trace-format';
import { DATA, makeYardstick } from './yardstick.mjs';

/** Repetitions of the capture: 50.4 million events. */
const REPEATS = 58;

/**
 * Memory of a replay with all facts of a long trace, which should only depend on the live state. Target: below 600 MB.
 */
export async function benchMemory() {
  const trace = join(DATA, 'long.arrow');
  const capture = makeYardstick(REPEATS);
  await importXentraceFile(capture, trace);
  rmSync(capture);
  const { stdout } = spawnSync(process.execPath, [join(import.meta.dirname, 'count-facts.mjs'), trace], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  rmSync(trace);
  const { events, rows, seconds, peak } = JSON.parse(stdout);
  const millions = number => (number / 1e6).toFixed(1);
  console.log(
    `memory: ${millions(events)} million events with all facts, ${peak.toFixed(0)} MB at most (below 600); ` +
      `${millions(events / seconds)} million events/s, ${millions(rows)} million rows`,
  );
}
