import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fittedLine } from '../src/render/fitted-line.js';
import { tableLines } from '../src/render/table.js';
import { textWidth } from '../src/render/text-width.js';

const out = (width?: number) => ({ width, style: (_: string, text: string) => text });
async function lines(names: readonly string[], rows: readonly (readonly unknown[])[], width?: number) {
  const all: string[] = [];
  for await (const line of tableLines(
    names.map(name => ({ name })),
    rows,
    out(width),
  ))
    all.push(line);
  return all;
}
const wordsOf = (text: string) => text.split(/\s+/).filter(word => word !== '');

describe('a table', () => {
  it('that fits is in columns', async () => {
    expect(
      await lines(
        ['a', 'long name'],
        [
          ['1', 'x y'],
          ['22', null],
        ],
        80,
      ),
    ).toEqual(['a   long name', '1   x y', '22']);
  });

  it('that is too wide has cells of several lines', async () => {
    expect(await lines(['seq', 'what'], [['#120', 'one two three four']], 14)).toEqual([
      'seq   what',
      '#120  one two',
      '      three',
      '      four',
    ]);
  });

  it('whose words have no room is a list for each row', async () => {
    const row = ['0xffff83013753e630', '0xffff82d0402da997'];
    expect(await lines(['lock', 'caller'], [row, row], 30)).toEqual([
      'lock    0xffff83013753e630',
      'caller  0xffff82d0402da997',
      '',
      'lock    0xffff83013753e630',
      'caller  0xffff82d0402da997',
    ]);
  });

  it('measures characters as a terminal shows them', async () => {
    expect(textWidth('界')).toBe(2);
    expect(textWidth('e\u0301')).toBe(1);
    expect(
      await lines(
        ['a', 'b'],
        [
          ['界', 'x'],
          ['yy', 'z'],
        ],
        80,
      ),
    ).toEqual(['a   b', '界  x', 'yy  z']);
  });

  it.each([80, 100])('at %i columns breaks no word and no number, and shows them all', async width => {
    const word = fc.stringMatching(/^[\x21-\x7e]{1,24}$/);
    const cell = fc.array(word, { maxLength: 8 }).map(words => words.join(' '));
    const table = fc.integer({ min: 1, max: 7 }).chain(columns =>
      fc.record({
        names: fc.array(fc.stringMatching(/^[a-z_]{1,12}$/), { minLength: columns, maxLength: columns }),
        rows: fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { maxLength: 6 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(table, async ({ names, rows }) => {
        const shown = await lines(names, rows, width);
        for (const line of shown) expect(textWidth(line)).toBeLessThanOrEqual(width);
        const words = shown.flatMap(wordsOf);
        const sorted = (list: readonly string[]) => [...list].sort().join(' ');
        const cells = rows.flat().flatMap(wordsOf);
        const asList = [...cells, ...rows.flatMap(() => names)];
        expect([sorted([...names, ...cells]), sorted(asList)]).toContain(sorted(words));
      }),
      { seed: width, numRuns: 150 },
    );
  });

  it('that nobody measures is as wide as it is', async () => {
    const [, line] = await lines(['a'], [['x '.repeat(200).trim()]]);
    expect(line).toHaveLength(399);
  });
});

it('a line is folded between words, and goes on indented', () => {
  expect(fittedLine('    by pcpu 1 p2m_remove_page, holding it', 30)).toEqual([
    '    by pcpu 1',
    '      p2m_remove_page, holding',
    '      it',
  ]);
  expect(fittedLine('short', 30)).toEqual(['short']);
});
