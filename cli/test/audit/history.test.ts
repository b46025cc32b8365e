import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AuditHistory } from '../../src/audit/history.js';
import { changeHistory, readHistory } from '../../src/audit/use-history.js';
import { tempDir } from '../support/cli.js';
import { withFault } from '../support/faulty-calls.js';

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

/** How many nights a history has. */
async function nightsIn(path: string): Promise<number> {
  let count = 0;
  await readHistory(path, async history => {
    count = Number((await history.rows('select count(*) from nights'))[0][0]);
  });
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

  it.each([
    ['old', 1],
    ['new', 0],
  ])(
    'that is %s is whole when any call of the system fails during a change, old or new, and nothing else is left',
    async (name, before) => {
      const folder = temp(`fault-${name}`);
      const path = join(folder, 'history.duckdb');
      mkdirSync(folder);
      if (before > 0) await nights(path);
      const bytes = before > 0 ? readFileSync(path) : undefined;
      const failed = new Set<string>();
      for (let number = 0, isDone = false; !isDone; number++) {
        rmSync(folder, { recursive: true });
        mkdirSync(folder);
        if (bytes !== undefined) writeFileSync(path, bytes);
        let error: unknown;
        const call = await withFault(number, () => nights(path)).catch(thrown => {
          error = thrown;
          return 'thrown';
        });
        isDone = call === undefined;
        if (call !== undefined) failed.add(call);
        const left = readdirSync(folder).filter(file => file !== 'history.duckdb.lock');
        if (before === 0 && left.length === 0) expect(error, `call ${number}`).toBeDefined();
        else {
          expect(left, `call ${number}`).toEqual(['history.duckdb']);
          const found = await nightsIn(path);
          // What failed behind the rename leaves the new one.
          expect([before, before + 1], `call ${number}`).toContain(found);
          if (error === undefined) expect(found).toBe(before + 1);
          if (found === before && bytes !== undefined) expect(readFileSync(path).equals(bytes)).toBe(true);
        }
        if (error !== undefined) {
          expect(error).toMatchObject({
            blame: 'usage',
            code: expect.stringMatching(/^P2M_(?:WRITE|OUTPUT|HISTORY)$/),
          });
        }
      }
      expect(failed.size).toBeGreaterThan(0);
    },
  );

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
