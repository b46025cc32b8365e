import { type EventFilter, KIND, type KindName } from '@p2mtrace/trace-format';
import { describe, expect, test } from 'vitest';
import { importWindows, record, window } from './support/records.js';
import { tempDir } from './support/temp-dir.js';

const path = tempDir();

/** get_page (mfn, owner), put_gfn (gfn, domid), lost, and a record that nobody knows, by domains 1 and 2 in turn. */
const WINDOWS = Array.from({ length: 4 }, (_, i) =>
  window(
    0,
    record(0x10_f803, [i, 0, 1 + (i % 2), 0x8000_0000, 1, 0], BigInt(10 * i + 1)),
    record(0x10_f80b, [0x100 + i, 0, 2 - (i % 2), 0], BigInt(10 * i + 2)),
    record(0x10_f999, [i, i, i], BigInt(10 * i + 3)),
  ),
);
const imported = (filter: EventFilter) => importWindows(path('t'), WINDOWS, { filter });

describe('an import takes', () => {
  test('all without a filter, and says nothing of a piece', async () => {
    const { rows, metadata } = await imported({});
    expect(rows).toHaveLength(12);
    expect(metadata.piece).toBeUndefined();
  });

  test('only these kinds, with what they had', async () => {
    const all = await imported({});
    const { rows, metadata } = await imported({ kinds: ['unknown'] });
    const expected = all.rows.filter(({ kind }) => kind === 'unknown');
    expect(rows).toEqual(expected.map((row, seq) => ({ ...row, seq: BigInt(seq) })));
    expect(rows.map(({ raw }) => raw)).toEqual([0, 1, 2, 3].map(i => `0${i}000000`.repeat(3)));
    // What was not asked for is as good as not recorded.
    expect(metadata.piece).toMatchObject({ toSeq: 12, recorded: ['unknown'] });
    expect(new Set(metadata.piece?.incomplete)).toEqual(
      new Set(all.rows.map(({ kind }) => kind).filter(kind => kind !== 'unknown')),
    );
  });

  test('only what these domains are or own', async () => {
    const { rows, metadata } = await imported({ domains: [1] });
    for (const { kind, owner, domid } of rows) {
      if (kind !== 'unknown') expect([owner, domid]).toContain(1);
    }
    expect(rows.filter(({ kind }) => kind === 'get_page').map(({ mfn }) => mfn)).toEqual([0n, 2n]);
    expect(metadata.piece).toMatchObject({ domains: [1], recorded: expect.arrayContaining(['get_page', 'unknown']) });
  });

  test('what fills many batches, in order', async () => {
    const many = Array.from({ length: 40 }, (_, w) =>
      window(
        0,
        ...Array.from({ length: 1000 }, (_, i) =>
          record(i % 2 ? 0x10_f80b : 0x10_f999, i % 2 ? [i, 0, 1, 0] : [i], BigInt(w * 1000 + i + 1)),
        ),
      ),
    );
    const { rows } = await importWindows(path('t'), many, { filter: { kinds: ['put_gfn' satisfies KindName] } });
    expect(KIND.put_gfn).toBeDefined();
    expect(rows).toHaveLength(20_000);
    expect(rows.every(({ tsc, seq }) => tsc === (seq as bigint) * 2n + 2n)).toBe(true);
  });
});
