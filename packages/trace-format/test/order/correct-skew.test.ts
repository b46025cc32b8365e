import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importXentraceStream } from '@p2mtrace/trace-format';
import { afterAll, expect, it } from 'vitest';
import { importWindows, record, window } from '../support/records.js';

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-skew-'));
afterAll(() => rmSync(folder, { recursive: true }));

const LOCK = [0x2010_1010, 0xffff_8301];
const CALLER = [0x402d_a67a, 0xffff_82d0];
const take = (tsc: number) => record(0x10f807, [...LOCK, 16, 0x1_0001, ...CALLER], BigInt(tsc));
const drop = (tsc: number) => record(0x10f808, [...LOCK, 16, 0x1_0001, ...CALLER], BigInt(tsc));
/** A capture in which pcpu 1's clock is so many ticks behind. */
const windows = (behind: number) => [
  window(0, take(1000), drop(2000), take(3000), drop(3500)),
  window(1, take(2100 - behind), drop(2600 - behind), take(3600 - behind), drop(3700 - behind)),
];
type Row = Awaited<ReturnType<typeof importWindows>>['rows'][number];
const order = (rows: readonly Row[]) => rows.map(({ kind, pcpu }) => `${kind} ${pcpu}`);

it('a capture whose clocks are apart is put into the order of one whose clocks are right', async () => {
  const right = await importWindows(join(folder, 'right'), windows(0));
  const skewed = await importWindows(join(folder, 'skewed'), windows(600));
  expect(order(skewed.rows)).toEqual(order(right.rows));
  expect(right.metadata.health?.order).toEqual({ confidence: 'exact', late: 0 });
  expect(skewed.metadata.health?.order).toEqual({
    confidence: 'corrected',
    late: 0,
    overlaps: 2,
    skew: [{ pcpu: 1, ticks: 750, least: 500, most: 1000 }],
  });
  const tscs = skewed.rows.filter(({ pcpu }) => pcpu === 1).map(({ tsc }) => Number(tsc));
  expect(tscs).toEqual([2100, 2600, 3600, 3700].map(tsc => tsc - 600 + 750));
});

it('a stream is put right too', async () => {
  await importWindows(join(folder, 'file'), windows(600));
  const bytes = readFileSync(join(folder, 'file.bin'));
  async function* input() {
    yield bytes;
  }
  const { health } = await importXentraceStream(input(), '-', join(folder, 'stream'));
  expect(health?.order.confidence).toBe('corrected');
});
