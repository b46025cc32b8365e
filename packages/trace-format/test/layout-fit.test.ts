import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { importNdjson, LayoutFit, movesBelowFlags, type TraceMetadata } from '../src/index.js';
import { tempDir } from './support/temp-dir.js';

const path = tempDir();
const ALLOCATED = 1n << 63n;
const SHADOWED_PT = 1n << 56n;
const words = (info: bigint) => [Number(info & 0xffff_ffffn), Number(info >> 32n)] as const;

function fitOf(...steps: readonly (readonly [before: bigint, after: bigint, by: number])[]): LayoutFit {
  const fit = new LayoutFit();
  for (const [before, after, by] of steps) fit.step(...words(before), ...words(after), by);
  return fit;
}

test('PGC_shadowed_pt of 4.22 lies where older layouts count', () => {
  const fit = fitOf([ALLOCATED | 2n, ALLOCATED | SHADOWED_PT | 3n, 1]);
  expect(['P1', 'P5', 'P6', 'P7'].map(name => fit.against(name))).toEqual([1, 1, 1, 1]);
  // 4.0 to 4.16 have PGC_state there, by which the page would be offlined.
  expect(fit.fitting()).toEqual(['P8']);
});

test('PGC_shadowed_pt of 4.18 lies beyond the counts of most', () => {
  const fit = fitOf([ALLOCATED | 2n, ALLOCATED | (1n << 57n) | 3n, 1]);
  expect(fit.against('P5')).toBe(1);
  expect(fit.fitting()).toEqual(expect.arrayContaining(['P6', 'P7', 'P8']));
});

test('words of 32 bits are those of the oldest layout', () => {
  expect(fitOf([0x8000_0002n, 0x0000_0001n, -1]).fitting()).toEqual(['P0']);
});

test('where every layout is contradicted none fits', () => {
  expect(fitOf([ALLOCATED | 2n, ALLOCATED | (1n << 53n) | 3n, 1]).fitting()).toEqual([]);
});

test('a count that does not move as it should is no matter of layouts', () => {
  const fit = fitOf([ALLOCATED | 2n, ALLOCATED | SHADOWED_PT | 5n, 1]);
  expect(fit.fitting()).toHaveLength(9);
  expect(movesBelowFlags(...words(ALLOCATED | 2n), ...words(ALLOCATED | 3n), 1)).toBe(true);
  expect(movesBelowFlags(...words(ALLOCATED | 2n), ...words(ALLOCATED | 2n), 1)).toBe(false);
  expect(movesBelowFlags(...words(0xffff_ffffn), ...words(1n << 32n), 1)).toBe(true);
  expect(movesBelowFlags(...words(1n << 40n), ...words(1n << 41n), 1)).toBe(false);
});

async function imported(header: object, ...counts: bigint[]): Promise<TraceMetadata> {
  const events = counts.map(info => ({ kind: 'get_page', mfn: 0x100, count_info: `0x${info.toString(16)}` }));
  const lines = [{ p2mtrace: 1, ...header }, ...events].map(line => JSON.stringify(line));
  writeFileSync(path('case.ndjson'), `${lines.join('\n')}\n`);
  return importNdjson(path('case.ndjson'), 'case.ndjson', path('case.arrow'));
}
const NEW = [ALLOCATED | 2n, ALLOCATED | SHADOWED_PT | 3n, ALLOCATED | SHADOWED_PT | 4n];

test('an import takes the only layout that fits, where nobody named one', async () => {
  const found = await imported({}, ...NEW);
  expect(found.layout).toBe('P8');
  expect(found.assumed.at(-1)).toBe(
    'page_info layout P6 is contradicted by 1 counts; P8, which alone fits them, is used instead',
  );
  expect((await imported({}, ALLOCATED | 2n, ALLOCATED | 3n)).layout).toBe('P6');
  expect((await imported({ layout: 'P6' }, ...NEW)).layout).toBe('P6');
  expect((await imported({ xenVersion: '4.17.7' }, ...NEW)).layout).toBe('P6');
});

test('where several fit, or none, the layout stays, and the metadata say so', async () => {
  const none = await imported({}, ALLOCATED | 2n, ALLOCATED | SHADOWED_PT | (1n << 53n) | 3n);
  expect([none.layout, none.assumed.at(-1)]).toEqual([
    'P6',
    'page_info layout P6 is contradicted by 1 counts; no known layout fits them',
  ]);
});
