import { exportNdjson, importNdjson, TraceReader } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyEvent, everyKind } from '../support/arbitrary-events.js';
import { expectedRows, type Row, readRows, writeRows } from '../support/rows.js';
import { tempDir } from '../support/temp-dir.js';

const path = tempDir();

async function exported(trace: string): Promise<string> {
  const reader = TraceReader.open(trace);
  let text = '';
  await exportNdjson(reader, chunk => {
    text += chunk;
  });
  reader.close();
  return text;
}

/** The text in pieces of `size` bytes, which cut lines and characters anywhere. */
async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text, 'utf8');
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function roundTrip(rows: readonly Row[], batchRows: number, pieceBytes: number): Promise<void> {
  const [first, second] = [path('first.arrow'), path('second.arrow')];
  writeRows(first, rows, batchRows);
  expect(readRows(first)).toEqual(expectedRows(rows));
  const text = await exported(first);
  expect(text.split('\n')).toHaveLength(rows.length + 2);
  await importNdjson(pieces(text, pieceBytes), 'case.ndjson', second, { batchRows });
  expect(readRows(second)).toEqual(expectedRows(rows));
  expect(await exported(second)).toBe(text);
}

describe('a trace comes back from its text', () => {
  test('with events of every kind', async () => {
    await fc.assert(
      fc.asyncProperty(everyKind, rows => roundTrip(rows, 16, 4096)),
      { numRuns: 40 },
    );
  });

  test('however many events, batches and pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent, { maxLength: 30 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 80 }),
        roundTrip,
      ),
      { numRuns: 150 },
    );
  });
});

test('metadata that a person may set comes back', async () => {
  const header = {
    layout: 'P8',
    xenVersion: '4.22',
    p2mNumbering: '4.8',
    tscHz: 2.5e9,
    controlDomains: [0, 7],
    host: 'h',
  } as const;
  writeRows(path('m.arrow'), [], 4, {
    source: 's',
    format: 'xentrace',
    assumed: ['x'],
    ...header,
    controlDomains: [0, 7],
  });
  const text = await exported(path('m.arrow'));
  expect(JSON.parse(text)).toEqual({ p2mtrace: 1, ...header });
  await importNdjson(pieces(text, 5), 'dir/m.ndjson', path('m2.arrow'));
  const reader = TraceReader.open(path('m2.arrow'));
  expect(reader.metadata).toEqual({
    source: 'm.ndjson',
    format: 'ndjson',
    assumed: [],
    counts: {},
    hasResults: false,
    ...header,
  });
  reader.close();
});
