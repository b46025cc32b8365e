import { expect, test } from 'vitest';
import { FLAGS } from '../../src/schema/flags.js';
import { KINDS } from '../../src/schema/kinds.js';
import { RECORDS, type RecordSpec, recordOf } from '../../src/schema/record-table.js';
import { importWindows, record, window } from '../support/records.js';
import { tempDir } from '../support/temp-dir.js';

const path = tempDir();
const specs: readonly RecordSpec[] = Object.values(RECORDS);

test.each(specs.map(spec => [spec.name, spec] as const))('%s is decoded to a kind of its own', async (name, spec) => {
  // No record is all zeros in Xen, but all of these values exist: domain 0, frame 0, order 0, type and op 0.
  const { rows, metadata } = await importWindows(path(name), [
    window(0, record(spec.id, new Array(spec.words).fill(0))),
  ]);
  if (spec === RECORDS.cpuChange) return; // Only frames; cursors and windows have tests of their own.
  expect(rows.map(({ kind }) => spec.kinds.includes(kind as never))).toEqual(spec.kinds.length === 0 ? [] : [true]);
  expect(metadata.health).toMatchObject({ misfits: 0, unknownById: {} });
});

test('no other id of the classes of these records is decoded', async () => {
  const classes = new Set(specs.map(({ id }) => id >>> 12));
  const ids = [...classes].flatMap(top => Array.from({ length: 0x1000 }, (_, minor) => top * 0x1000 + minor));
  const others = ids.filter(id => recordOf(id) === undefined);
  for (const size of [1, 4, 6]) {
    const payload = new Array(size).fill(0);
    const { rows, metadata } = await importWindows(path(`size${size}`), [
      window(0, ...others.map(id => record(id, payload))),
    ]);
    expect(rows).toHaveLength(others.length);
    expect(new Set(rows.map(({ kind }) => kind))).toEqual(new Set(['unknown']));
    expect(metadata.health?.misfits).toBe(0);
  }
});

test('only ids of runstate changes hold values', () => {
  expect([0x2_1001, 0x2_1021, 0x2_1331].map(id => recordOf(id)?.name)).toEqual(new Array(3).fill('RUNSTATE_CHANGE'));
  expect([0x2_1041, 0x2_1003, 0x10_f014].map(recordOf)).toEqual([undefined, undefined, undefined]);
});

test.each(FLAGS)('the kinds of flag $name have flags', ({ kinds }) => {
  for (const name of kinds) {
    const kind = KINDS.find(spec => spec.name === name);
    expect([...(kind?.needs ?? []), ...(kind?.may ?? [])]).toContain('flags');
  }
});
