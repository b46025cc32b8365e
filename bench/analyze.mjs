import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { importXentraceFile } from '@p2mtrace/trace-format';
import { paired, seconds } from './timing.mjs';
import { makeYardstick, TRACE } from './yardstick.mjs';

const CLI = join(import.meta.dirname, '../cli/bin/p2mtrace.js');

/** All rules over the yardstick, against `xenalyze -a`, which only prints its records. Target: half its time, 1000 MB. */
export async function benchAnalyze() {
  const capture = makeYardstick();
  if (!existsSync(TRACE)) await importXentraceFile(capture, TRACE);
  if (spawnSync('xenalyze', ['--help']).error !== undefined) {
    console.log('analyze: not measured: xenalyze is not installed (Debian package xen-utils-common)');
    return;
  }
  const result = paired([process.execPath, [CLI, 'analyze', TRACE]], ['xenalyze', ['--svm-mode', '-a', capture]]);
  console.log(
    `analyze: ${seconds(result.ours)}, xenalyze -a ${seconds(result.yardstick)}, ratio ${result.ratio.toFixed(2)} ` +
      `(at most 0.5); peak memory ${result.peak.toFixed(0)} MB (below 1000)`,
  );
}
