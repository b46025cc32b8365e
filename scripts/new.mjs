/**
 * Lays out new parts: `npm run new rule ANALYZER.RULE`, `npm run new kind NAME`. The project builds right after it;
 * tests fail until everything is written, and each such place has a line with TODO that says what belongs there.
 */
import { spawnSync } from 'node:child_process';
import { at, NewError } from './new-files.mjs';
import { newKind } from './new-kind.mjs';
import { newRule } from './new-rule.mjs';

const USAGE = 'npm run new rule ANALYZER.RULE, or npm run new kind NAME';
const MAKE = { rule: newRule, kind: newKind };

/** Formats the new files, and sorts imports. */
function format(files) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [at('node_modules/@biomejs/biome/bin/biome'), 'check', '--write', ...files],
    { cwd: at('.'), encoding: 'utf8' },
  );
  if (status !== 0) throw new NewError(`what was written does not pass the lint:\n${stdout}${stderr}`);
}

try {
  const [what, name, ...more] = process.argv.slice(2);
  if (!Object.hasOwn(MAKE, what) || name === undefined || more.length > 0) throw new NewError(USAGE);
  const { files, left } = MAKE[what](name);
  format(files);
  process.stdout.write(`${files.join('\n')}\n\n${left.map(line => `- ${line}\n`).join('')}`);
} catch (error) {
  if (!(error instanceof NewError)) throw error;
  process.stderr.write(`new: ${error.message}\n`);
  process.exitCode = 2;
}
