import {
  COMPRESSIONS,
  copyTrace,
  TraceReader,
  validateTrace,
} from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyEvent } from './support/arbitrary-events.js';
import { expectedRows, type Row, readRows, writeRows } from './support/rows.js';
import { SAMPLE_ROWS } from './support/sample-rows.js';
import { tempDir } from './support/temp-dir.js';

const path = tempDir();

describe.each(COMPRESSIONS)('%s', compression => {
  test('what is written is read', () => {
    writeRows(path('t'), SAMPLE_ROWS, 3, undefined, { compression });
    expect(readRows(path('t'))).toEqual(expectedRows(SAMPLE_ROWS));
    expect(validateTrace(path('t'))).toMatchObject({ whole: true, problems: [] });
  });

  test('whatever the events and however many a batch has', () => {
    const property = (rows: Row[], batchRows: number) => {
      writeRows(path('t'), rows, batchRows, undefined, { compression });
      expect(readRows(path('t'))).toEqual(expectedRows(rows));
    };
    fc.assert(fc.property(fc.array(anyEvent, { maxLength: 40 }), fc.integer({ min: 1, max: 20 }), property), {
      numRuns: 50,
    });
  });

  test('a copy without compression is the trace that was never compressed', async () => {
    writeRows(path('t'), SAMPLE_ROWS, 20000, undefined, { compression });
    writeRows(path('plain'), SAMPLE_ROWS, 20000);
    const reader = TraceReader.open(path('t'));
    expect(reader.compression).toBe(compression);
    await copyTrace(reader, path('copy'), undefined);
    reader.close();
    expect(readRows(path('copy'))).toEqual(readRows(path('plain')));
  });
});
