import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importXentraceFile, P2M_TYPES, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, describe, expect, test } from 'vitest';
import { FactStore, LOCK_SPANS, lossRows, replayTrace } from '../src/index.js';

/** Captures from real hypervisors; all numbers here are those of their README, from an independent rebuild. */
const CAPTURES = join(import.meta.dirname, '../../../../shared/captures');
const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function replayed(name: string, facts?: FactStore) {
  const trace = join(folder, `${name}.arrow`);
  await importXentraceFile(join(CAPTURES, name), trace);
  const reader = TraceReader.open(trace);
  const replayer = replayTrace(reader, { facts });
  reader.close();
  rmSync(trace);
  return replayer;
}

/** Frames of a domain's host p2m by type, counted in 4K. */
function framesByType(replayer: Awaited<ReturnType<typeof replayed>>, domid: number): Record<string, number> {
  const frames: Record<string, number> = {};
  const table = replayer.p2ms.find(p2m => p2m.domid === domid && p2m.view === 0);
  table?.forEachLeaf(() => {
    const type = P2M_TYPES[table.foundType];
    frames[type] = (frames[type] ?? 0) + 2 ** table.foundOrder;
  });
  return frames;
}

describe.skipIf(!existsSync(CAPTURES))('captures (skipped where ../shared/captures is absent)', () => {
  test('stock-all-pvh.bin ends with the p2m that its README counts', async () => {
    const frames = framesByType(await replayed('stock-all-pvh.bin'), 2);
    expect(frames).toMatchObject({ populate_on_demand: 22_063, ram_rw: 18_915 });
  });

  test('instrumented-pvh.bin: the p2m, and no divergence at all', async () => {
    const replayer = await replayed('instrumented-pvh.bin');
    expect(framesByType(replayer, 1)).toMatchObject({ populate_on_demand: 16_944, ram_rw: 24_034 });
    expect(replayer.health.divergences.openRows).toBe(0);
    expect(replayer.outOfRange).toBe(0);
    expect(replayer.locks.heldBy(0).concat(replayer.locks.heldBy(1))).toEqual([]);
  });

  test.each(['instrumented-pv-blk.bin', 'planted-1.bin'])(
    '%s has no divergence, no violation, no held lock',
    async name => {
      const facts = new FactStore(['lock_spans.violation']);
      const replayer = await replayed(name, facts);
      expect(replayer.health.divergences.openRows).toBe(0);
      expect(facts.rows('lock_spans')).toBeGreaterThan(0);
      expect(facts.chunks(LOCK_SPANS).some(({ columns }) => columns.violation.some(Boolean))).toBe(false);
      expect(replayer.locks.heldBy(0).concat(replayer.locks.heldBy(1))).toEqual([]);
    },
  );

  test('instrumented-pvh-lost.bin: one loss of 41,210 records, nothing diverges across it', async () => {
    const replayer = await replayed('instrumented-pvh-lost.bin');
    expect([...lossRows(replayer)]).toMatchObject([{ count: 41_210 }]);
    expect(replayer.health.divergences.openRows).toBe(0);
  });
});
