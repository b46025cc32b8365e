import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AuditHistory } from '../../src/audit/history.js';
import { changeHistory, readHistory } from '../../src/audit/use-history.js';
import { tempDir } from '../support/cli.js';

const temp = tempDir();
const REPORT = { tool: '1', traces: [], contents: 0, findings: [] } as never;
const night = (history: AuditHistory) => history.add(REPORT, '2026-11-21T03:00:00Z');
/** Writes a night and returns how many there are then. */
async function nights(path: string, told: string[] = []): Promise<number> {
  let count = 0;
  await changeHistory(
    path,
    async history => {
      await night(history);
      count = Number((await history.rows('select count(*) from nights'))[0][0]);
    },
    text => told.push(text),
  );
  return count;
}

describe('a history', () => {
  it.each([
    ['empty', (path: string) => writeFileSync(path, '')],
    ['something else', (path: string) => writeFileSync(path, 'night\n'.repeat(2000))],
    ['cut', (path: string) => truncateSync(path, readFileSync(path).length >> 1)],
    [
      'damaged in its head',
      (path: string) => writeFileSync(path, Buffer.from(readFileSync(path)).fill(0x55, 4096, 4100)),
    ],
    [
      'damaged everywhere',
      (path: string) =>
        writeFileSync(
          path,
          readFileSync(path).map((byte, at) => (at > 12_000 ? byte ^ 0xff : byte)),
        ),
    ],
  ])('that is %s is put aside, and begins anew', async (name, damage) => {
    const folder = temp(name.replaceAll(' ', '-'));
    mkdirSync(folder);
    const path = join(folder, 'history.duckdb');
    expect(await nights(path)).toBe(1);
    damage(path);
    const damaged = readFileSync(path);
    await expect(readHistory(path, night), 'reading alone changes nothing').rejects.toMatchObject({
      code: 'P2M_HISTORY',
    });
    const told: string[] = [];
    expect(await nights(path, told)).toBe(1);
    expect(await nights(path)).toBe(2);
    expect(told).toEqual([expect.stringContaining('begins anew')]);
    const aside = readdirSync(folder).filter(one => one.includes('.damaged-'));
    expect(aside.map(one => readFileSync(join(folder, one)).equals(damaged))).toEqual([true]);
  });

  it('is waited for while another process has it', async () => {
    const path = temp('held.duckdb');
    const module = createRequire(new URL('../../package.json', import.meta.url)).resolve('@duckdb/node-api');
    const holder = spawn(process.execPath, [
      '-e',
      `const { DuckDBInstance } = require(${JSON.stringify(module)});
       DuckDBInstance.create(${JSON.stringify(path)}).then(async one => {
         globalThis.held = await one.connect();
         console.log('has it');
         setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1500);
       });`,
    ]);
    await once(holder.stdout, 'data');
    expect(await nights(path)).toBe(1);
    expect(holder.signalCode).toBe('SIGKILL');
    rmSync(path);
  });
});
