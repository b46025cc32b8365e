import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { needsBuild, p2mtrace, tempDir } from '../support/cli.js';
import { Fleet } from '../support/fleet.js';
import { HAS_REDIS, RedisServer } from '../support/redis.js';

needsBuild();
const temp = tempDir();
const rule = (name: string) =>
  fileURLToPath(new URL(`../../../samples/corpus/rules/${name}/trace.ndjson`, import.meta.url));
/** P2MTRACE_KILLS=50 for the long form. */
const KILLS = Number(process.env.P2MTRACE_KILLS ?? 3);
const SEED = Number(process.env.P2MTRACE_SEED ?? 17);
const VICTIMS = ['worker', 'redis', 'audit'] as const;

it.runIf(HAS_REDIS)(
  `an audit by a queue of which something is killed ${KILLS} times at random moments (seed ${SEED}) ends as if nothing had been`,
  { timeout: 120_000 + KILLS * 120_000 },
  async () => {
    for (const name of ['in', 'redis']) mkdirSync(temp(name));
    for (const name of ['refcount.leak', 'lock-order.level', 'refcount.underflow', 'use-after-unmap.stale-translation'])
      copyFileSync(rule(name), temp(`in/${name}.ndjson`));
    const fleet = new Fleet(temp('.'));
    const redis = await RedisServer.start(temp('redis'));
    let state = SEED;
    const next = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    try {
      const began = Date.now();
      const code = await fleet.embedded('embedded');
      const took = Date.now() - began;
      for (let kill = 0; kill < KILLS; kill++) {
        for (const name of ['store', 'state']) rmSync(temp(name), { recursive: true, force: true });
        const workers = await Promise.all([fleet.worker(redis.url), fleet.worker(redis.url)]);
        let audit = fleet.audit(redis.url, 'queue');
        await wait(next() * took);
        const victim = VICTIMS[kill % VICTIMS.length];
        if (victim === 'worker') await workers[0].kill();
        if (victim === 'redis') {
          await redis.kill();
          await redis.start();
        }
        if (victim === 'audit') {
          await audit.kill();
          audit = fleet.audit(redis.url, 'queue');
        }
        expect([victim, await audit.ended, audit.said]).toEqual([victim, code, expect.anything()]);
        expect(fleet.read('queue.json'), victim).toBe(fleet.read('embedded.json'));
        for (const worker of workers) await worker.kill('SIGTERM');
        expect(readdirSync(temp('store/results')).every(name => /^[0-9a-f]{32}\.json$/.test(name))).toBe(true);
        const { stdout } = p2mtrace(['trend', '--state', 'state', '--format', 'csv'], { cwd: temp('.') });
        // One night, unless the audit had written it before it was killed.
        expect(stdout.split('\n\n')[0].trim().split('\n').length, stdout).toBeLessThanOrEqual(
          victim === 'audit' ? 3 : 2,
        );
      }
    } finally {
      await fleet.close();
      await redis.kill();
    }
  },
);
