import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import { BIN } from './cli.js';

/** Kills between two audits that run to their end and are compared. */
const ROUND = 5;
/** How long workers may take to see that their parent is gone. */
const ORPHANS_MS = 10_000;

/** Numbers from 0 to 1, the same for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Audits `in` of a folder and kills the audit (four workers, kill -9) at random moments; looks after each that no process
 * stays, that what had been judged is not judged again, and after a few that an audit ends as if nothing had been.
 */
export async function killAudits(folder: string, kills: number, seed: number): Promise<void> {
  const next = random(seed);
  const state = join(folder, 'state');
  const began = Date.now();
  const undisturbed = whole(folder);
  const took = Date.now() - began;
  for (let kill = 1; kill <= kills; kill++) {
    if (kill % ROUND === 1) rmSync(state, { recursive: true, force: true });
    const before = judgedOnce(state);
    await killed(folder, next() * took);
    for (const [name, inode] of before) expect(judgedOnce(state).get(name), name).toBe(inode);
    if (kill % ROUND === 0 || kill === kills) expect(whole(folder)).toEqual(undisturbed);
  }
}

const args = (folder: string) => {
  const state = join(folder, 'state');
  return [BIN, 'audit', 'in', '--workers', '4', '--state', state, '--reporter', 'json=report.json'];
};

/** What an audit that runs to its end leaves: its report, the last night, and the names of all files. */
function whole(folder: string): unknown {
  const { status, stderr } = spawnSync(process.execPath, args(folder), { cwd: folder, encoding: 'utf8' });
  const trend = spawnSync(
    process.execPath,
    [BIN, 'trend', '--state', join(folder, 'state'), '--format', 'csv', '--nights', '1'],
    { cwd: folder, encoding: 'utf8' },
  );
  expect({ audit: stderr, status: trend.status, trend: trend.stderr }).toMatchObject({ status: 0, trend: '' });
  // Without its time, and without what it is compared with: a killed audit may have had its night.
  const [, findings, , , , ...counts] = trend.stdout.split('\n')[1].split(',');
  const all = readdirSync(join(folder, 'state'), { recursive: true, encoding: 'utf8' });
  // Only an audit that begins a second after its inputs were made keeps an index.
  const names = all.filter(name => name !== 'index.json').sort();
  const report = readFileSync(join(folder, 'report.json'), 'utf8');
  return { status, stderr, report, night: [findings, ...counts], names };
}

/** Results by name with their inodes: one that is written again has another. */
function judgedOnce(state: string): Map<string, bigint> {
  try {
    const folder = join(state, 'results');
    const names = readdirSync(folder).filter(name => name.endsWith('.json'));
    return new Map(names.map(name => [name, statSync(join(folder, name), { bigint: true }).ino]));
  } catch {
    return new Map();
  }
}

async function killed(folder: string, delay: number): Promise<void> {
  const child = spawn(process.execPath, args(folder), { cwd: folder, stdio: 'ignore' });
  const ended = once(child, 'exit');
  await setTimeout(delay);
  child.kill('SIGKILL');
  await ended;
  for (let waited = 0; workersOf(child.pid).length > 0; waited += 50) {
    expect(waited, `workers of ${child.pid} are left`).toBeLessThan(ORPHANS_MS);
    await setTimeout(50);
  }
}

/** Workers that an audit with this pid has started. */
function workersOf(pid: number | undefined): string[] {
  return readdirSync('/proc').filter(name => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      return words[1]?.endsWith('/worker.js') === true && words[2] === String(pid);
    } catch {
      return false;
    }
  });
}
