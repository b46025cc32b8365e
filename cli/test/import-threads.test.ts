import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { importXentraceFile } from '@p2mtrace/trace-format';
import { describe, expect, it } from 'vitest';
import { BIN, CAPTURES, capture, fine, HAS_CAPTURES, needsBuild, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
const captures = HAS_CAPTURES ? readdirSync(CAPTURES).filter(name => name.endsWith('.bin')) : [];

describe.skipIf(!HAS_CAPTURES)('an import in two threads', () => {
  // What is built has a second thread where there is a second core; the sources, which run here, have none.
  it.each(captures)('makes the same trace of %s as in one', async name => {
    const [two, one] = [temp(`two-${name}`), temp(`one-${name}`)];
    fine(['import', capture(name), '-o', two, '--quiet']);
    await importXentraceFile(capture(name), one);
    expect(readFileSync(two).equals(readFileSync(one))).toBe(true);
  });

  it('tells that a write failed, whichever thread met it, and leaves nothing', () => {
    const folder = temp('full');
    mkdirSync(folder);
    const command = `ulimit -f 20000 && exec "$0" "$@"`;
    const args = [BIN, 'import', capture('instrumented-pvh.bin'), '-o', 'out.arrow'];
    const { status, stderr } = spawnSync('bash', ['-c', command, process.execPath, ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/P2M_WRITE: it can't be written: files may not be so large here \(EFBIG\) \(out\.arrow\)/);
    expect(status).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  });
});
