import { expect, test } from 'vitest';
import { FIRST_EXTENSION_MINOR, MEM, MEM_WORDS } from '../../src/schema/record-table.js';
import { MEM_CLASS } from '../../src/schema/xentrace-records.js';
import { importWindows, record, window } from '../support/records.js';
import { tempDir } from '../support/temp-dir.js';

const path = tempDir();
const id = (minor: number) => MEM_CLASS + minor;
const lockRecord = (lock: number, caller: number) => record(id(MEM.lockAcquire), [lock, 1, 16, 0x1_0000, caller, 2]);

/** `count` locks of the same caller, in windows that the importer reads in several pieces. */
const locksFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => lockRecord((first + i) * 64, 0x10));

test('more locks than the kernel remembers keep their addresses', async () => {
  const count = 40_000;
  const windows = [window(0, ...locksFrom(0, count)), window(0, ...locksFrom(0, count).toReversed())];
  const { rows } = await importWindows(path('locks'), windows);
  expect(rows).toHaveLength(2 * count);
  const wrong = rows.filter(({ lock }, row) => {
    const number = row < count ? row : 2 * count - 1 - row;
    return lock !== (1n << 32n) + BigInt(number) * 64n;
  });
  expect(wrong).toEqual([]);
});

test('call sites have names of their own, however many', async () => {
  const count = 0x1_0000 + 100;
  const calls = Array.from({ length: count }, (_, i) => lockRecord(64, i));
  const { rows } = await importWindows(path('callers'), [
    window(0, ...calls, lockRecord(64, 5), lockRecord(64, count)),
  ]);
  const wrong = rows.slice(0, count).filter(({ caller }, i) => caller !== (2n << 32n) + BigInt(i));
  expect(wrong).toEqual([]);
  expect(rows.slice(count).map(row => row.caller)).toEqual([(2n << 32n) + 5n, (2n << 32n) + BigInt(count)]);
  expect(rows.every(({ kind, lock }) => kind === 'lock_acquire' && lock === (1n << 32n) + 64n)).toBe(true);
});

test('the lock and the call site at address 0 are names like others', async () => {
  const { rows } = await importWindows(path('zero'), [
    window(0, ...[1, 2].map(() => record(id(MEM.lockRelease), [0, 0, 16, 0x1_0000, 0, 0]))),
  ]);
  expect(rows.map(({ lock, caller }) => [lock, caller])).toEqual([
    [0n, 0n],
    [0n, 0n],
  ]);
});

test.each(Object.entries(MEM))('%s of a size that it can not have is kept as it is', async (name, minor) => {
  const isStock = minor < FIRST_EXTENSION_MINOR;
  const sizes = [0, 1, 2, 3, 4, 5, 6, 7].filter(size =>
    isStock ? size !== MEM_WORDS[minor] : size < MEM_WORDS[minor],
  );
  // The words of an owner that is no domid, a type and a kind of lock that there are not: a decoder would refuse them.
  const records = sizes.map(size => record(id(minor), new Array(size).fill(0xfffe_fffe)));
  const { rows, metadata } = await importWindows(path(name), [window(0, ...records)]);
  expect(rows.map(({ kind, arg0, raw }) => [kind, arg0, raw])).toEqual(
    sizes.map(size => ['unknown', BigInt(id(minor)), size === 0 ? null : 'fefffeff'.repeat(size)]),
  );
  expect(metadata.health?.misfits).toBe(sizes.length);
});

test('a refused record leaves nothing in its row', async () => {
  // put_page whose owner is no domid: mfn and count_info come before it.
  const refused = record(id(MEM.putPage), [7, 0, 0x1_0000, 0, 9, 0]);
  const { rows } = await importWindows(path('refused'), [window(3, refused)]);
  const present = Object.entries(rows[0]).filter(([, value]) => value !== null);
  expect(Object.fromEntries(present)).toEqual({
    seq: 0n,
    tsc_own: false,
    pcpu: 3,
    kind: 'unknown',
    arg0: BigInt(id(MEM.putPage)),
    raw: '070000000000000000000100000000000900000000000000',
  });
});

test('the records of 4096 pcpus come in the order of their TSCs', async () => {
  const pcpus = Array.from({ length: 4096 }, (_, pcpu) => pcpu);
  const putPage = (tsc: number) => record(id(MEM.putPage), [tsc, 0, 0, 0, 1, 0], BigInt(tsc));
  // Every pcpu has an early and a late record; the lower its number, the later they are.
  const windows = pcpus.map(pcpu => window(pcpu, putPage(10_000 - pcpu), putPage(20_000 - pcpu)));
  const { rows } = await importWindows(path('pcpus'), windows);
  expect(rows.map(row => row.pcpu)).toEqual([...pcpus.toReversed(), ...pcpus.toReversed()]);
  expect(rows.map(row => row.tsc)).toEqual(rows.map(row => row.mfn));
});
