import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { paired, seconds } from './timing.mjs';
import { makeYardstick, TRACE } from './yardstick.mjs';

const CLI = join(import.meta.dirname, '../cli/bin/p2mtrace.js');

/** Import of the yardstick to Arrow, against `xenalyze -s`, which only sums it up. Target: 2 times, 400 MB. */
export function benchImport() {
  const capture = makeYardstick();
  if (spawnSync('xenalyze', ['--help']).error !== undefined) {
    console.log('import: not measured: xenalyze is not installed (Debian package xen-utils-common)');
    return;
  }
  const result = paired(
    [process.execPath, [CLI, 'import', capture, '-o', TRACE, '--quiet']],
    ['xenalyze', ['--svm-mode', '-s', capture]],
    { before: () => rmSync(TRACE, { force: true }) },
  );
  console.log(
    `import: ${seconds(result.ours)}, xenalyze -s ${seconds(result.yardstick)}, ratio ${result.ratio.toFixed(2)} ` +
      `(at most 2); peak memory ${result.peak.toFixed(0)} MB (below 400)`,
  );
}
