import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { importXentraceFile } from '@p2mtrace/trace-format';
import { makeYardstick, TRACE } from './yardstick.mjs';

/**
 * Replay of the yardstick, read from the file, against a bare scan of the same columns (target: 12 million events/s),
 * and with all facts (target: 5 million events/s).
 */
export async function benchReplay() {
  if (!existsSync(TRACE)) await importXentraceFile(makeYardstick(), TRACE);
  const [scan, state, facts, checks] = ['scan', 'state', 'facts', 'checks'].map(measure);
  const events = ({ rate }) => `${rate.toFixed(1)} million events/s`;
  console.log(
    `replay: ${events(state)} (at least 12), ${(scan.rate / state.rate).toFixed(1)} times a bare scan of the same columns; ` +
      `with all facts ${events(facts)} (at least 5), ${facts.rows} rows; with the checks of all rules too ${events(checks)}`,
  );
}

function measure(mode) {
  const { stdout } = spawnSync(process.execPath, [join(import.meta.dirname, 'replay-rate.mjs'), TRACE, mode], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(stdout);
}
