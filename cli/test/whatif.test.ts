import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DISCIPLINES, GRANULARITIES, UPGRADES } from '@p2mtrace/replayer';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/commands.js';
import { browser, HAS_BROWSER } from './support/browser.js';
import { fine, needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
const UPGRADE = fileURLToPath(new URL('../../samples/whatif/upgrade.ndjson', import.meta.url));

it('has the designs of the replayer as choices', () => {
  const spec = COMMANDS.find(({ name }) => name === 'whatif');
  const choices = (flag: string) => spec?.options.find(({ flags }) => flags.startsWith(flag))?.choices;
  expect([choices('--discipline'), choices('--granularity'), choices('--upgrade')]).toEqual([
    DISCIPLINES,
    GRANULARITIES,
    UPGRADES,
  ]);
});

it('prints JSON with a row for each design that was asked for', () => {
  const { stdout } = fine(['whatif', UPGRADE, '--discipline', 'rwlock', '--discipline', 'recorded', '--json', '-q']);
  const { rows, options, notChecked, hz, recorded } = JSON.parse(stdout);
  type Row = { discipline: string; upgrade: string | null; wait: { total: number }; deadlockCount: number };
  // samples/whatif/README.md works these out.
  expect(
    rows.map(({ discipline, upgrade, wait, deadlockCount }: Row) => [discipline, upgrade, wait.total, deadlockCount]),
  ).toEqual([
    // The recorded lock is taken alone: pcpu 1 waits for it from 1 to 8.
    ['recorded', null, 7, 0],
    ['rwlock', 'convert', 3, 1],
    ['rwlock', 'declare', 7, 0],
  ]);
  expect(rows[1].deadlocks[0].members.map(({ pcpu }: { pcpu: number }) => pcpu)).toEqual([0, 1]);
  expect([options.pcpus, hz]).toEqual([2, null]);
  expect(recorded.waits).toBeNull();
  expect(notChecked).toContain(
    'recorded waits: no lock_wait events, so that what was waited counts as work before the lock',
  );
});

it('refuses designs that there are not', () => {
  expect(p2mtrace(['whatif', UPGRADE, '--discipline', 'rcu']).code).toBe(2);
  expect(p2mtrace(['whatif', UPGRADE, '--pcpus', '0']).code).toBe(2);
});

it('can be queried', () => {
  const sql = "select wait_total, deadlocks, refused from whatif where discipline = 'rwlock' order by upgrade";
  const { stdout } = fine(['sql', UPGRADE, sql, '--format', 'csv', '-q']);
  expect(stdout.trim().split('\n').slice(1)).toEqual(['3,1,', '7,0,']);
});

describe('the page', () => {
  const path = () => {
    fine(['whatif', UPGRADE, '--report', temp('page.html'), '-q']);
    return temp('page.html');
  };

  it('has its charts', () => {
    const text = readFileSync(path(), 'utf8');
    for (const title of ['Waits by discipline', 'Makespan against pcpus', 'Granularity against', 'The worst moment']) {
      expect(text).toContain(title);
    }
  });

  describe.skipIf(!HAS_BROWSER)('in a browser', () => {
    const open = browser();
    it('opens without errors and asks for nothing', async () => {
      const { page, problems, requests } = await open(path());
      expect(await page.locator('figure svg').count()).toBeGreaterThanOrEqual(4);
      expect([problems, requests]).toEqual([[], []]);
      await page.close();
    });
  });
});
