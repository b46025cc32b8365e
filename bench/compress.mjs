import { spawnSync } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { paired, seconds } from './timing.mjs';
import { makeYardstick, TRACE } from './yardstick.mjs';

const CLI = join(import.meta.dirname, '../cli/bin/p2mtrace.js');

/** Import and replay of the yardstick compressed, against the same without compression. */
export function benchCompress() {
  const capture = makeYardstick();
  const importTo = (path, codec) => [
    process.execPath,
    [CLI, 'import', capture, '-o', path, '--compress', codec, '--quiet'],
  ];
  const replay = path => [process.execPath, [CLI, 'replay', path, '--no-index', '--quiet']];
  const remove = path => rmSync(path, { force: true });
  const [plain, packed] = [`${TRACE}.plain`, `${TRACE}.packed`];
  spawnSync(...importTo(plain, 'none'));
  const bytes = statSync(capture).size;
  for (const codec of ['lz4', 'zstd']) {
    const made = paired(importTo(packed, codec), importTo(plain, 'none'), {
      before: () => [packed, plain].forEach(remove),
    });
    const size = statSync(packed).size;
    const read = paired(replay(packed), replay(plain));
    console.log(
      `compress ${codec}: ${(size / bytes).toFixed(2)} of the capture, plain ${(statSync(plain).size / bytes).toFixed(2)}; ` +
        `import ${seconds(made.ours)}, ratio ${made.ratio.toFixed(2)}; replay ${seconds(read.ours)}, ratio ${read.ratio.toFixed(2)}`,
    );
  }
  [packed, plain].forEach(remove);
}
