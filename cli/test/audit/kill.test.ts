import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { captureBytes, SMALL } from '../support/captures.js';
import { needsBuild, tempDir } from '../support/cli.js';
import { killAudits } from '../support/kill-audits.js';

needsBuild();
const temp = tempDir();
const rule = (name: string) =>
  fileURLToPath(new URL(`../../../samples/corpus/rules/${name}/trace.ndjson`, import.meta.url));
/** P2MTRACE_KILLS=200 for the long form. */
const KILLS = Number(process.env.P2MTRACE_KILLS ?? 10);
const SEED = Number(process.env.P2MTRACE_SEED ?? 13);

it.runIf(process.platform === 'linux')(
  `that is killed ${KILLS} times at random moments (seed ${SEED}) ends as if nothing had been`,
  { timeout: 60_000 + KILLS * 30_000 },
  async () => {
    mkdirSync(temp('in'));
    for (const name of ['refcount.leak', 'lock-order.level', 'refcount.underflow']) {
      copyFileSync(rule(name), temp(`in/${name}.ndjson`));
    }
    copyFileSync(rule('refcount.leak'), temp('in/again.ndjson'));
    const capture = captureBytes(SMALL);
    writeFileSync(temp('in/whole.bin'), capture);
    // Its notice must not get lost between the import and the result.
    writeFileSync(temp('in/cut.bin'), capture.subarray(0, capture.length - 1));
    await killAudits(temp('.'), KILLS, SEED);
    const { traces } = JSON.parse(readFileSync(temp('report.json'), 'utf8'));
    expect(traces[1].notices).toEqual([expect.stringMatching(/^P2M_INPUT_DAMAGED: .*cut/)]);
  },
);
