import { readFileSync, writeFileSync } from 'node:fs';
import { COLUMN_NAMES, type ColumnName, TraceReader, validateTrace } from '@p2mtrace/trace-format';
import { tableFromIPC as flechetteTable } from '@uwdata/flechette';
import { RecordBatch, Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyEvent } from './support/arbitrary-events.js';
import { expectedRows, type FullRow, type Row, readRows, rowsOf, writeRows } from './support/rows.js';
import { SAMPLE_ROWS } from './support/sample-rows.js';
import { tempDir } from './support/temp-dir.js';

const path = tempDir();

/** Rows as another decoder sees them. */
function rowsBy(value: (name: ColumnName, row: number) => unknown, count: number): FullRow[] {
  return Array.from(
    { length: count },
    (_, row) =>
      Object.fromEntries(
        COLUMN_NAMES.map(name => {
          const found = value(name, row);
          return [name, found instanceof Uint8Array ? Buffer.from(found).toString('hex') : (found ?? null)];
        }),
      ) as FullRow,
  );
}

function byFlechette(file: string): FullRow[] {
  const table = flechetteTable(new Uint8Array(readFileSync(file)), { useBigInt: true });
  return rowsBy((name, row) => table.getChild(name).at(row), table.numRows);
}

function byApacheArrow(file: string): FullRow[] {
  const table = tableFromIPC(readFileSync(file));
  return rowsBy((name, row) => table.getChild(name)?.get(row), table.numRows);
}

describe.each([
  ['flechette', byFlechette],
  ['apache-arrow', byApacheArrow],
])('%s reads what was written', (_, decode) => {
  test('in every column', () => {
    writeRows(path('t'), SAMPLE_ROWS, 3);
    expect(decode(path('t'))).toEqual(expectedRows(SAMPLE_ROWS));
  });

  test('whatever the events', () => {
    const property = (rows: Row[], batchRows: number) => {
      writeRows(path('t'), rows, batchRows);
      expect(decode(path('t'))).toEqual(expectedRows(rows));
    };
    fc.assert(
      fc.property(fc.array(anyEvent, { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 12 }), property),
      {
        numRuns: 100,
      },
    );
  });

  test('where there is no event', () => {
    writeRows(path('t'), []);
    expect(decode(path('t'))).toEqual([]);
  });
});

describe.each(['file', 'stream'] as const)('a %s written by another writer', form => {
  /** The trace as apache-arrow writes it, without the custom metadata of the batches. */
  function rewritten(rows: readonly Row[]): string {
    writeRows(path('ours'), rows, 3);
    const table = tableFromIPC(readFileSync(path('ours')));
    const batches = table.batches.map(batch => new RecordBatch(table.schema, batch.data));
    writeFileSync(path('theirs'), tableToIPC(new Table(table.schema, batches), form));
    return path('theirs');
  }

  test('is read to the same values', () => {
    expect(readRows(rewritten(SAMPLE_ROWS))).toEqual(expectedRows(SAMPLE_ROWS));
  });

  test('is found whole, but not checksummed', () => {
    const report = { batches: 3, rows: 7, checksummed: false, whole: true, problems: [] };
    expect(validateTrace(rewritten(SAMPLE_ROWS))).toEqual(report);
  });

  test('never breaks the reader, whichever byte is wrong', () => {
    const bytes = readFileSync(rewritten(SAMPLE_ROWS.slice(0, 2)));
    for (let at = 0; at < bytes.length; at++) {
      const wrong = Buffer.from(bytes);
      wrong[at] ^= 0xff;
      writeFileSync(path('wrong'), wrong);
      expectOnlyOurErrors(() => {
        const reader = TraceReader.open(path('wrong'));
        try {
          rowsOf(reader);
        } finally {
          reader.close();
        }
      }, at);
      expectOnlyOurErrors(() => validateTrace(path('wrong')), at);
    }
  });
});

function expectOnlyOurErrors(run: () => void, at: number): void {
  try {
    run();
  } catch (error) {
    if ((error as Error).name !== 'P2mError') throw new Error(`byte ${at}`, { cause: error });
  }
}
