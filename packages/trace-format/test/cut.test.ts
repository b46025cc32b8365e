import { closeSync, copyFileSync, ftruncateSync, openSync, statSync } from 'node:fs';
import { validateTrace } from '@p2mtrace/trace-format';
import { beforeAll, expect, test } from 'vitest';
import { expectPrefix } from './support/expect-prefix.js';
import { look } from './support/look.js';
import { expectedRows, writeRows } from './support/rows.js';
import { SAMPLE_ROWS } from './support/sample-rows.js';
import { tempDir } from './support/temp-dir.js';

const path = tempDir();
const BATCH_ROWS = 4;
const expected = expectedRows(SAMPLE_ROWS);

beforeAll(() => writeRows(path('whole'), SAMPLE_ROWS, BATCH_ROWS));

test('a whole trace has nothing to report', () => {
  expect(look(path('whole'))).toEqual({ reader: undefined, validator: undefined, rows: expected });
  expect(validateTrace(path('whole'))).toEqual({ batches: 2, rows: 7, checksummed: true, whole: true, problems: [] });
});

test('a trace cut anywhere is reported, and read up to its last whole batch', () => {
  copyFileSync(path('whole'), path('cut'));
  const { size } = statSync(path('whole'));
  const fd = openSync(path('cut'), 'r+');
  const seen: number[] = [];
  for (let length = size - 1; length >= 0; length--) {
    ftruncateSync(fd, length);
    const { reader, validator, rows } = look(path('cut'));
    // Less than the magic is no sign of a trace.
    const code = length < 6 ? 'P2M_NOT_A_TRACE' : 'P2M_CUT';
    if (reader !== code || validator !== code) throw new Error(`cut at ${length}: ${reader}, ${validator}`);
    expectPrefix(rows, expected, BATCH_ROWS);
    seen.push(rows.length);
  }
  closeSync(fd);
  // The longer the file, the more is read.
  expect(seen).toEqual(seen.toSorted((a, b) => b - a));
  expect(new Set(seen)).toEqual(new Set([0, BATCH_ROWS, expected.length]));
}, 240_000);
