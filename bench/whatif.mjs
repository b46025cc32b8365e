import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { importXentraceFile } from '@p2mtrace/trace-format';
import { makeYardstick, TRACE } from './yardstick.mjs';

/**
 * All lock designs over the yardstick against one replay with all facts, in turns (target: 3 times), in less than 300 MB;
 * and 64 pcpus over the capture that the yardstick is made of, on all cores (target: 30 s).
 */
export async function benchWhatIf() {
  if (!existsSync(TRACE)) await importXentraceFile(makeYardstick(), TRACE);
  const turns = measure('turns');
  const memory = measure('memory');
  const many = measure('pcpus');
  console.log(
    `whatif: all designs ${turns.whatif.toFixed(2)} s of processor time, ${turns.ratio.toFixed(2)} times a replay with all facts (at most 3); ` +
      `${memory.peak.toFixed(0)} MB at most (below 300); 64 pcpus over the capture ${many.wall.toFixed(1)} s (below 30)`,
  );
}

function measure(mode) {
  const { stdout } = spawnSync(process.execPath, [join(import.meta.dirname, 'whatif-rate.mjs'), TRACE, mode], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(stdout);
}
