import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { needsBuild, tempDir } from '../support/cli.js';

needsBuild();
const temp = tempDir();
const AUDITS = Number(process.env.P2MTRACE_SOAK ?? 0);
const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

it.runIf(AUDITS > 0 && process.platform === 'linux')(
  `needs no more memory, handles or files after ${AUDITS} audits in one loop (P2MTRACE_SOAK=2000)`,
  { timeout: 60_000 + AUDITS * 5000 },
  () => {
    mkdirSync(temp('in'));
    copyFileSync(at('../../../samples/corpus/rules/refcount.leak/trace.ndjson'), temp('in/leak.ndjson'));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [at('../support/soak.mjs'), temp('.'), String(AUDITS)],
      {
        encoding: 'utf8',
      },
    );
    expect(status, stderr).toBe(0);
    const looks = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(looks.at(-1)?.audits).toBe(AUDITS);
    // The first ones load code, and fill caches.
    const [, , early] = looks;
    const last = looks.at(-1);
    expect(last.open).toBe(early.open);
    expect(last.files).toBe(early.files);
    expect(last.heap).toBeLessThan(early.heap * 1.1 + 5e6);
    expect(last.rss).toBeLessThan(early.rss * 1.1 + 3e7);
    console.log(`soak: ${JSON.stringify(early)} … ${JSON.stringify(last)}`);
  },
);
