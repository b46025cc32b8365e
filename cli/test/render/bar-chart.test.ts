import { expect, it } from 'vitest';
import { withBars } from '../../src/render/bar-chart.js';

const columns = [{ name: 'kind' }, { name: 'n', right: true }];
const barsOf = async (rows: readonly (readonly unknown[])[], width = 40) =>
  (await withBars(columns, rows, width)).rows.map(row => row[2]);

it('draws the last number of each row, the largest across what the table leaves', async () => {
  // Of 26 columns, the table takes 4 + 2 and 2 + 2.
  expect(
    await barsOf(
      [
        ['put', 16],
        ['get', 8],
        ['a', 1],
      ],
      26,
    ),
  ).toEqual(['█'.repeat(16), '█'.repeat(8), '█']);
});

it('draws in eighths of a character, and something for the smallest', async () => {
  expect(
    await barsOf(
      [
        ['put', 16],
        ['get', 9.5],
        ['a', 0.1],
      ],
      27,
    ),
  ).toEqual(['█'.repeat(16), `${'█'.repeat(9)}▌`, '▏']);
});

it('draws nothing for what is unknown, nought or below', async () => {
  expect(
    await barsOf(
      [
        ['put', 16n],
        ['get', null],
        ['a', 0],
        ['b', -3],
      ],
      26,
    ),
  ).toEqual(['█'.repeat(16), '', '', '']);
  expect(await barsOf([['a', 0]])).toEqual(['']);
});

it('draws no more than a thousand rows, and counts the others', async () => {
  const rows = Array.from({ length: 1003 }, (_, i) => [`k${i}`, i]);
  const { rows: shown, more } = await withBars(columns, rows, 80);
  expect([shown.length, more]).toEqual([1000, 3]);
});

it('refuses a result without numbers', async () => {
  await expect(withBars([{ name: 'kind' }], [['put']], 80)).rejects.toThrow('no column of numbers');
});
