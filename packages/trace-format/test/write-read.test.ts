import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BatchMemory, COLUMN_NAMES, defaultMetadata, KIND, TraceReader, TraceWriter } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyEvent } from './support/arbitrary-events.js';
import { expectedRows, type Row, readRows, writeRows } from './support/rows.js';
import { SAMPLE_ROWS } from './support/sample-rows.js';
import { tempDir } from './support/temp-dir.js';

const path = tempDir();

describe('what is written is read', () => {
  test('in every column', () => {
    writeRows(path('t'), SAMPLE_ROWS, 3);
    expect(readRows(path('t'))).toEqual(expectedRows(SAMPLE_ROWS));
  });

  test('whatever the events and however many a batch has', () => {
    const property = (rows: Row[], batchRows: number) => {
      writeRows(path('t'), rows, batchRows);
      expect(readRows(path('t'))).toEqual(expectedRows(rows));
    };
    fc.assert(fc.property(fc.array(anyEvent, { maxLength: 40 }), fc.integer({ min: 1, max: 20 }), property), {
      numRuns: 150,
    });
  });

  test.each([0n, 1n, 0xffff_ffffn, 0x1_0000_0000n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n])(
    'u64 %s to the last bit',
    value => {
      writeRows(path('u'), [{ kind: 'mark', tsc: value, arg0: value, caller: value }]);
      expect(readRows(path('u'))[0]).toMatchObject({ tsc: value, arg0: value, caller: value });
    },
  );

  test('without any value', () => {
    const rows: Row[] = Array.from({ length: 17 }, () => ({ kind: 'mark' }));
    writeRows(path('n'), rows, 8);
    const [first] = readRows(path('n'));
    expect(readRows(path('n'))).toHaveLength(17);
    const { seq, kind, tsc_own, ...others } = first;
    expect([seq, kind, tsc_own]).toEqual([0n, 'mark', false]);
    expect(new Set(Object.values(others))).toEqual(new Set([null]));
  });
});

test('an empty trace is a trace', () => {
  writeRows(path('e'), []);
  const reader = TraceReader.open(path('e'));
  expect(reader).toMatchObject({ rows: 0, batches: [], damage: undefined, checksummed: true });
  expect(reader.metadata).toEqual({ ...defaultMetadata('test'), counts: {}, hasResults: false });
  reader.close();
});

test('the head of a batch says which events it has', () => {
  const rows: Row[] = [
    { kind: 'mark' },
    { kind: 'mark', tsc: 5n },
    { kind: 'mark' },
    { kind: 'mark', tsc: 2n ** 60n + 1n },
  ];
  writeRows(path('b'), [...rows, { kind: 'mark' }, ...rows], 4);
  const reader = TraceReader.open(path('b'));
  expect(reader.batches.map(b => [b.index, b.rows, b.firstSeq, b.firstTsc, b.lastTsc])).toEqual([
    [0, 4, 0, 5n, 2n ** 60n + 1n],
    [1, 4, 4, 5n, 5n],
    [2, 1, 8, 2n ** 60n + 1n, 2n ** 60n + 1n],
  ]);
  expect(reader.metadata.counts).toEqual({ mark: 9 });
  reader.close();
});

test('dictionaries grow from batch to batch and stay whole', () => {
  const rows = Array.from(
    { length: 40 },
    (_, i): Row => ({
      kind: 'lock_wait',
      mode: 'read',
      lock: BigInt(i % 7) << 60n,
      lock_class: `class ${i % 13}`,
      symbol: i % 2 === 0 ? `f${i}` : 'again',
      caller: BigInt(i),
    }),
  );
  writeRows(path('d'), rows, 3);
  expect(readRows(path('d'))).toEqual(expectedRows(rows));
});

test('results and attempts of set_entry are told apart', () => {
  const entry: Row = { kind: 'set_entry', domid: 1, gfn: 1n, order: 0, p2m_type: 'ram_rw' };
  const hasResults = (rows: Row[]) => {
    writeRows(path('r'), rows);
    const reader = TraceReader.open(path('r'));
    reader.close();
    return reader.metadata.hasResults;
  };
  // Bit 5 is `attempt`.
  expect(hasResults([{ ...entry, flags: 32 }])).toBe(false);
  expect(hasResults([{ ...entry, flags: 32 }, entry])).toBe(true);
});

test('equal events make equal bytes, whatever was in the memory before', () => {
  writeRows(path('x'), SAMPLE_ROWS, 7);
  const batchLess = readFileSync(path('x'));
  const writer = new TraceWriter(path('y'), defaultMetadata('test'), 7);
  writer.abort();
  writeRows(path('y'), SAMPLE_ROWS, 7);
  expect(readFileSync(path('y')).equals(batchLess)).toBe(true);
});

/** What there is under the name of an output. */
const filesOf = (name: string) =>
  readdirSync(dirname(path(name))).filter(file => file.startsWith(`${name}.`) || file === name);
const PARTIAL = /\.[0-9a-f]{12}\.partial$/;

test('an aborted trace leaves nothing', () => {
  const writer = new TraceWriter(path('gone'), defaultMetadata('test'), 4);
  expect(filesOf('gone')).toEqual([expect.stringMatching(PARTIAL)]);
  writer.abort();
  expect(filesOf('gone')).toEqual([]);
});

test('a trace under construction is readable', () => {
  const writer = new TraceWriter(path('live'), defaultMetadata('test'), 4);
  for (const rows of [3, 2]) {
    const batch = writer.acquire();
    batch.columns.kind.fill(KIND.mark);
    batch.rows = rows;
    writer.submit(batch, {});
  }
  const reader = TraceReader.open(path(filesOf('live')[0]));
  expect(reader.damage?.code).toBe('P2M_CUT');
  // Of the last batch the zeros at its end may not be in the file yet.
  expect([3, 5]).toContain(reader.rows);
  reader.close();
  writer.abort();
});

test('columns are read alone as they are read together', () => {
  writeRows(path('c'), SAMPLE_ROWS, 3);
  const reader = TraceReader.open(path('c'));
  for (const info of reader.batches) {
    const all = reader.read(info, COLUMN_NAMES, new BatchMemory());
    for (const name of COLUMN_NAMES) {
      const one = reader.read(info, [name], new BatchMemory());
      expect([one.columns[name], one.validity[name]]).toEqual([all.columns[name], all.validity[name]]);
    }
  }
  reader.close();
});
