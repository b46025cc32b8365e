/** Checks each package as npm packs it: all with publint, those that are imported with are-the-types-wrong. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const LIBRARIES = ['packages/trace-format', 'packages/replayer', 'packages/analyzers'];

const checks = [
  ...[...LIBRARIES, 'cli'].map(folder => ['publint', '--strict', '--pack', 'npm', folder]),
  ...LIBRARIES.map(folder => ['attw', '--pack', folder, '--profile', 'esm-only', '--quiet']),
];
for (const [tool, ...args] of checks) {
  const { status } = spawnSync(join(root, 'node_modules', '.bin', tool), args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    process.stderr.write(`check-packages: ${tool} ${args.join(' ')}: exit code ${status}\n`);
    process.exit(1);
  }
}
