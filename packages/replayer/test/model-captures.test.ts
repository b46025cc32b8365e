import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importXentraceFile, TraceReader } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../trace-format/test/support/temp-dir.js';
import { compareTrace } from './model/compare-trace.js';

const CAPTURES = process.env.P2MTRACE_CAPTURES ?? join(import.meta.dirname, '../../../../shared/captures');
const path = tempDir();

/** Of large captures the first bytes are enough here; all of them with P2MTRACE_WHOLE. */
const FIRST_BYTES = process.env.P2MTRACE_WHOLE === undefined ? 3 * 2 ** 20 : Number.POSITIVE_INFINITY;

/** Random points at which the two are compared, besides the end. */
const POINTS = 3;

async function imported(name: string, bytes: number): Promise<TraceReader> {
  writeFileSync(path('capture.bin'), readFileSync(join(CAPTURES, name)).subarray(0, bytes));
  await importXentraceFile(path('capture.bin'), path('capture.arrow'));
  return TraceReader.open(path('capture.arrow'));
}

async function expectSameStates(name: string, bytes = Number.POSITIVE_INFINITY): Promise<void> {
  const reader = await imported(name, bytes);
  const [random] = fc.sample(fc.array(fc.nat(reader.rows - 1), { minLength: POINTS, maxLength: POINTS }), 1);
  const points = new Set([...random, reader.rows - 1]);
  expect(compareTrace(reader, seq => points.has(seq))).toEqual([]);
  reader.close();
}

describe.skipIf(!existsSync(CAPTURES))('replayer and model agree on captures (skipped where they are absent)', () => {
  test.each([
    'stock-mem-pv-blk.bin',
    'stock-mem-pvh-migrate.bin',
    'stock-mem-pvh.bin',
    // It loses records at its end.
    'instrumented-pvh-lost.bin',
  ])('%s', name => expectSameStates(name));

  test.each(['stock-all-pvh.bin', 'instrumented-pvh.bin', 'instrumented-pv-blk.bin', 'planted-1.bin'])(
    'the first events of %s',
    name => expectSameStates(name, FIRST_BYTES),
  );
});
