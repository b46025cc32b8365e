import { readFileSync, writeFileSync } from 'node:fs';
import { importXentraceFile, TraceReader, type XentraceOptions } from '@p2mtrace/trace-format';
import { describe, expect, test } from 'vitest';
import { RandomAccess } from '../../src/read/file-access.js';
import { MEM_CLASS } from '../../src/schema/xentrace-records.js';
import { indexWindows } from '../../src/xentrace/index-windows.js';
import { WindowSplitter } from '../../src/xentrace/window-splitter.js';
import { record, window } from '../support/records.js';
import { rowsOf } from '../support/rows.js';
import { tempDir } from '../support/temp-dir.js';

const path = tempDir();
const SET_ENTRY = MEM_CLASS + 4;

/** A record that is known by its gfn, `n`. */
const numbered = (n: number) => record(SET_ENTRY, [n, 0, n, 0, 0, 1], 1_000_000_000n + BigInt(n) * 0x80_0000n);

/** Twelve windows of four pcpus with four or five records each, numbered from 1 in the order of their TSCs. */
const WINDOWS = Array.from({ length: 12 }, (_, w) => {
  const first = 1 + 5 * w;
  return { pcpu: w % 4, numbers: Array.from({ length: 4 + (w % 2) }, (__, i) => first + i) };
});
const words = WINDOWS.map(({ pcpu, numbers }) => window(pcpu, ...numbers.map(numbered)));
const CAPTURE = Buffer.from(Uint32Array.from(words.flat()).buffer);
const STARTS = words.map((_, w) => words.slice(0, w).flat().length * 4);
const NUMBERS = WINDOWS.flatMap(({ numbers }) => numbers);

const split = (splitter: WindowSplitter, bytes: Uint8Array, size: number) => {
  const starts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => i * size);
  return [...starts.flatMap(at => [...splitter.push(bytes.subarray(at, at + size))]), ...splitter.end()];
};

/** Imports it as a file; as a stream, in whatever pieces, it must have the same windows. */
async function imported(bytes: Uint8Array, options: XentraceOptions = {}) {
  const [input, output] = [path('capture.bin'), path('trace.arrow')];
  writeFileSync(input, bytes);
  const file = new RandomAccess(input);
  const indexed = indexWindows(file, options.pcpu);
  file.close();
  for (const size of bytes.length > 5000 ? [4099] : [1, 37, 5000]) {
    const splitter = new WindowSplitter(input, options.pcpu);
    const windows = split(splitter, bytes, size);
    expect(windows.map(({ window: found }) => found)).toEqual(indexed.windows);
    expect([splitter.skipped, splitter.problems]).toEqual([indexed.skipped, indexed.problems]);
    for (const { window: found, words: content } of windows) {
      const there = bytes.subarray(found.offset, found.offset + (found.bytes & ~3));
      expect(Buffer.from(content.buffer).equals(there)).toBe(true);
    }
  }
  const metadata = await importXentraceFile(input, output, options);
  const reader = TraceReader.open(output);
  const rows = rowsOf(reader);
  reader.close();
  const { problems = [], skippedBytes } = metadata.health ?? {};
  return { rows, problems, skippedBytes, numbers: rows.map(({ gfn, mfn }) => (gfn === mfn ? Number(gfn) : -1)) };
}

/** The capture with the word at this byte changed. */
function changed(at: number, change: (word: number) => number): Buffer {
  const bytes = Buffer.from(CAPTURE);
  bytes.writeUInt32LE(change(bytes.readUInt32LE(at)) >>> 0, at);
  return bytes;
}

const without = (...lost: number[]) => NUMBERS.filter(n => !lost.some(w => WINDOWS[w].numbers.includes(n)));

test('a capture that is whole', async () => {
  const { numbers, problems, rows } = await imported(CAPTURE);
  expect(numbers).toEqual(NUMBERS);
  expect(problems).toEqual([]);
  expect(rows[0].pcpu).toBe(0);
});

describe('the size of a window', () => {
  test.each([
    ['one more', (size: number) => size + 1],
    ['one less', (size: number) => size - 1],
    ['a record more', (size: number) => size + 36],
    ['a record less', (size: number) => size - 36],
    ['zero', () => 0],
    ['its top bit', (size: number) => size | 0x8000_0000],
    ['beyond the end', (size: number) => size + 0x1_0000],
    ['64 MiB', () => 64 << 20],
    ['all ones', () => 0xffff_ffff],
  ])('%s: nothing is lost, and it is told', async (_, change) => {
    for (const w of [0, 5, 10]) {
      const { numbers, problems, rows } = await imported(changed(STARTS[w] + 8, change));
      expect(numbers).toEqual(NUMBERS);
      expect(rows.map(({ pcpu }) => pcpu)).toEqual(WINDOWS.flatMap(({ pcpu, numbers: own }) => own.map(() => pcpu)));
      expect(problems[0]).toContain(`the window at byte 0x${STARTS[w].toString(16)} is damaged`);
    }
  });
});

describe('the rest of a header', () => {
  test.each([
    ['the top bit of its first word', 0, (word: number) => word ^ 0x8000_0000],
    ['all of its first word', 0, () => 0xdead_beef],
    ['the top bit of its pcpu', 4, (word: number) => word ^ 0x8000_0000],
  ])('%s: its window is lost, and told by its bytes', async (_, at, change) => {
    for (const w of [0, 5, 10]) {
      const { numbers, problems, skippedBytes } = await imported(changed(STARTS[w] + at, change));
      expect(numbers).toEqual(without(w));
      const size = STARTS[w + 1] - STARTS[w];
      expect(skippedBytes).toBe(size);
      expect(problems[0]).toContain(`no window at byte 0x${STARTS[w].toString(16)}: ${size} bytes`);
    }
  });
});

test.each([1, 2, 3, 4, 7, 13])(
  '%i bytes too many, in front or anywhere, cost at most the window there',
  async count => {
    const junk = Buffer.alloc(count, 0x5a);
    expect((await imported(Buffer.concat([junk, CAPTURE]))).numbers).toEqual(NUMBERS);
    for (const w of [0, 5, 11]) {
      for (const offset of [0, 5, 12, 60, 130]) {
        const at = STARTS[w] + offset;
        const bytes = Buffer.concat([CAPTURE.subarray(0, at), junk, CAPTURE.subarray(at)]);
        const { numbers, problems } = await imported(bytes);
        expect(numbers.filter(n => NUMBERS.includes(n) && !WINDOWS[w].numbers.includes(n))).toEqual(without(w));
        expect(numbers.length).toBeLessThanOrEqual(NUMBERS.length + 1);
        expect(problems).not.toEqual([]);
      }
    }
  },
);

test.each([1, 4, 12, 30])('%i bytes missing cost at most the windows there', async count => {
  for (const w of [0, 5, 10]) {
    for (const offset of [0, 7, 60, 140]) {
      const at = STARTS[w] + offset;
      const lost = at + count > STARTS[w + 1] ? [w, w + 1] : [w];
      const { numbers, problems } = await imported(
        Buffer.concat([CAPTURE.subarray(0, at), CAPTURE.subarray(at + count)]),
      );
      const touched = lost.flatMap(one => WINDOWS[one].numbers);
      expect(numbers.filter(n => NUMBERS.includes(n) && !touched.includes(n))).toEqual(without(...lost));
      expect(numbers.length).toBeLessThanOrEqual(NUMBERS.length);
      expect(problems).not.toEqual([]);
    }
  }
});

test('records in front of the first window are of the pcpu that the user names', async () => {
  const headless = CAPTURE.subarray(8);
  const [first] = WINDOWS;
  expect((await imported(headless)).numbers).toEqual(without(0));
  const { numbers, rows, skippedBytes } = await imported(headless, { pcpu: 0 });
  expect(numbers).toEqual(NUMBERS);
  expect(rows.slice(0, first.numbers.length).map(({ pcpu }) => pcpu)).toEqual(first.numbers.map(() => 0));
  expect(skippedBytes).toBe(4);
});

test('a capture without windows is read as one pcpu, and said so', async () => {
  const count = 20_000;
  const bare = Buffer.from(Uint32Array.from(Array.from({ length: count }, (_, n) => numbered(n + 1)).flat()).buffer);
  const { numbers, problems, rows, skippedBytes } = await imported(bare);
  expect(numbers).toEqual(Array.from({ length: count }, (_, n) => n + 1));
  expect(problems).toEqual([expect.stringContaining('read as those of pcpu 0')]);
  expect(rows[7].pcpu).toBe(0);
  expect(skippedBytes).toBe(0);
  const named = await imported(bare.subarray(0, 360), { pcpu: 3 });
  expect(named.rows.map(({ pcpu }) => pcpu)).toEqual(new Array(10).fill(3));
  expect(named.problems).toEqual([]);
});

test.each([31, 20, 8, 3])('bit %i of the high word of a TSC: the others keep their order', async bit => {
  for (const w of [0, 3, 6, 11]) {
    const at = STARTS[w] + 12 + 36 + 8;
    const { numbers, rows } = await imported(changed(at, word => word ^ (2 ** bit)));
    const wrong = WINDOWS[w].numbers[1];
    expect(numbers.filter(n => n !== wrong)).toEqual(NUMBERS.filter(n => n !== wrong));
    expect(numbers).toContain(wrong);
    expect(rows.filter(row => row.tsc_own !== true)).toHaveLength(1);
  }
});

test('any flipped bit: what was in other windows is there, and file and stream agree', async () => {
  let seed = 12345;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let round = 0; round < 40; round++) {
    const at = random(CAPTURE.length);
    const bytes = Buffer.from(CAPTURE);
    bytes[at] ^= 1 << random(8);
    const w = STARTS.findLastIndex(start => start <= at);
    const isPcpu = at >= STARTS[w] + 4 && at < STARTS[w] + 8;
    const { numbers } = await imported(bytes);
    const others = numbers.filter(n => !WINDOWS[w].numbers.includes(n) && NUMBERS.includes(n));
    // Another pcpu that may be there can't be told from the right one.
    expect(isPcpu ? others.toSorted((a, b) => a - b) : others, `byte ${at} of window ${w}`).toEqual(without(w));
  }
});

test.each<[string, number[], string]>([
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4], 'xz -dc'],
  ['bzip2', [...Buffer.from('BZh91AY&SY')], 'bzip2 -dc'],
  ['an Arrow file', [...Buffer.from('ARROW1\0\0')], 'p2mtrace info'],
  ['a recording of perf', [...Buffer.from('PERFILE2')], 'xentrace'],
])('%s is named', async (what, head, remedy) => {
  writeFileSync(path('foreign'), Buffer.concat([Buffer.from(head), Buffer.alloc(64)]));
  await expect(importXentraceFile(path('foreign'), path('out'))).rejects.toMatchObject({
    code: 'P2M_NOT_XENTRACE',
    message: expect.stringContaining(what),
    remedy: expect.stringContaining(remedy),
  });
});

test.each([36, 60])('records of %i bytes, as xentrace wrote them before Xen 3.2, are named', async size => {
  const bytes = Buffer.alloc(size * 20);
  for (let i = 0; i < 20; i++) {
    bytes.writeUInt32LE(i & 1, i * size);
    bytes.writeBigUInt64LE(1000n + BigInt(i), i * size + 4);
    bytes.writeUInt32LE(0x0002_f00a, i * size + 12);
  }
  writeFileSync(path('old'), bytes);
  expect(readFileSync(path('old'))).toHaveLength(size * 20);
  await expect(importXentraceFile(path('old'), path('out'))).rejects.toMatchObject({
    message: expect.stringContaining('before Xen 3.2'),
  });
});
