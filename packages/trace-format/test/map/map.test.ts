import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importCsv, parseMap, TraceReader } from '@p2mtrace/trace-format';
import { describe, expect, test } from 'vitest';
import { importWindows, record, window } from '../support/records.js';
import { rowsOf } from '../support/rows.js';
import { tempDir } from '../support/temp-dir.js';

const path = tempDir();
const SAMPLES = join(import.meta.dirname, '../../../../samples/maps');
const map = parseMap(readFileSync(join(SAMPLES, 'own-recorder.json'), 'utf8'));

/** A map with one record, and what is to be wrong with it. */
const mapWith = (changes: object) =>
  JSON.stringify({
    p2mtraceMap: 1,
    records: [{ id: '0x0010f901', kind: 'get_page', words: [{ column: 'mfn', word: 0 }], ...changes }],
  });

describe('records of another recorder', () => {
  test('become rows of the kinds that the map names', async () => {
    const ALL = 0xffff_ffff;
    const { rows, metadata } = await importWindows(
      path('t'),
      [
        window(
          0,
          // domid 3, type 2, order 9; gfn 0x1_0000_0001, from its address; mfn; bit 0 of the flags
          record(0x10_f901, [3 | (2 << 16) | (9 << 24), 0x1000, 0x1000, 0x4242, 1, 1], 10n),
          record(0x10_f901, [3 | (1 << 16), 0x80_000, 0, ALL, ALL, 0], 11n),
          record(0x10_f902, [7, 0x7ff2, 0x40_0000, 0xffff_82d0], 12n),
          record(0x10_f902, [7, 5, 0, 0], 13n),
        ),
      ],
      { map },
    );
    expect(rows).toMatchObject([
      {
        kind: 'set_entry',
        domid: 3,
        p2m_type: 'ram_ro',
        order: 9,
        gfn: 0x1_0000_0001n,
        mfn: 0x1_0000_4242n,
        flags: 16,
      },
      { kind: 'set_entry', domid: 3, p2m_type: 'invalid', order: 0, gfn: 0x80n, mfn: null, view: 'host', flags: 0 },
      { kind: 'get_page', mfn: 7n, owner: null, caller: 0xffff_82d0_0040_0000n, tsc: 12n },
      { kind: 'get_page', mfn: 7n, owner: 5, caller: 0n, tsc: 13n },
    ]);
    expect(metadata.health).toMatchObject({ misfits: 0, unknownById: {}, byId: { '0x0010f901': 2, '0x0010f902': 2 } });
  });

  test('that do not fit are kept as they are', async () => {
    const { rows, metadata } = await importWindows(
      path('t'),
      [
        window(
          0,
          record(0x10_f901, [3 | (77 << 16), 0, 0, 1, 0, 0], 10n),
          record(0x10_f901, [3], 11n),
          record(0x10_f902, [0, 1, 0, 0], 12n),
          record(0x10_f903, [1], 13n),
        ),
      ],
      { map },
    );
    expect(rows.map(({ kind, arg0, mfn }) => [kind, arg0, mfn])).toEqual([
      ['unknown', 0x10_f901n, null],
      ['unknown', 0x10_f901n, null],
      ['unknown', 0x10_f902n, null],
      ['unknown', 0x10_f903n, null],
    ]);
    expect(rows[1].raw).toBe('03000000');
    expect(metadata.health).toMatchObject({ misfits: 3 });
  });

  test('may have an id that p2mtrace knows otherwise, of any class', async () => {
    const other = parseMap(
      JSON.stringify({
        p2mtraceMap: 1,
        records: [
          { id: '0x0010f803', kind: 'put_page', words: [{ column: 'mfn', word: 0 }] },
          { id: '0x00021111', kind: 'mark', words: [{ column: 'value', word: 1 }] },
        ],
      }),
    );
    const { rows } = await importWindows(
      path('t'),
      [window(1, record(0x10_f803, [9], 1n), record(0x2_1111, [1, 2], 2n))],
      { map: other },
    );
    expect(rows).toMatchObject([
      { kind: 'put_page', mfn: 9n, pcpu: 1 },
      { kind: 'mark', arg0: 2n },
    ]);
  });
});

describe('CSV', () => {
  const imported = async (text: string) => {
    writeFileSync(path('in'), text);
    await importCsv(path('in'), path('in'), path('out'), map);
    const reader = TraceReader.open(path('out'));
    try {
      return rowsOf(reader);
    } finally {
      reader.close();
    }
  };
  const csv = readFileSync(join(SAMPLES, 'log.csv'), 'utf8');

  test('becomes the events that the map names', async () => {
    expect(await imported(csv)).toMatchObject([
      { kind: 'set_entry', tsc: 0x1000n, pcpu: 0, domid: 1, gfn: 0x80n, mfn: 0x4242n, order: 0, p2m_type: 'ram_rw' },
      { kind: 'get_page', tsc: 0x1010n, pcpu: 0, owner: 1, mfn: 0x4242n, gfn: null, symbol: 'grant_map, twice' },
      { kind: 'set_entry', tsc: 0x1020n, pcpu: 1, domid: 1, gfn: 0x80n, mfn: null, p2m_type: 'invalid' },
    ]);
  });

  test.each([
    ['a kind that the map lacks', csv.replace('\nget,', '\ngot,'), { code: 'P2M_NDJSON', line: 3 }],
    ['a value that does not fit', csv.replace('0x1020', 'later'), { code: 'P2M_NDJSON', line: 5 }],
    ['a line that lacks a column', csv.replace(',,,,,\n', '\n'), { code: 'P2M_CSV', line: 4 }],
    ['a quote that does not end', csv.replace('twice"', 'twice'), { code: 'P2M_CSV' }],
    ['a column that is not there', csv.replace('cycles', 'ticks'), { code: 'P2M_MAP' }],
  ])('%s is refused', async (_, text, { code, line }: { code: string; line?: number }) => {
    const place = line === undefined ? {} : { place: expect.objectContaining({ line }) };
    await expect(imported(text)).rejects.toMatchObject({ code, ...place });
  });
});

test.each([
  ['no JSON', '{', 'JSON'],
  ['another version', JSON.stringify({ p2mtraceMap: 2 }), 'p2mtraceMap'],
  ['an unknown key', mapWith({ word: [] }), 'word'],
  ['no such kind', mapWith({ kind: 'take_page' }), 'kind'],
  ['no such column', mapWith({ words: [{ column: 'gfn', word: 0 }] }), 'gfn is no column of get_page'],
  ['a column that the capture gives', mapWith({ words: [{ column: 'tsc', word: 0 }] }), 'tsc is no column'],
  ['a column twice', mapWith({ set: { mfn: 1 } }), 'mfn is there twice'],
  ['a column that is missing', mapWith({ words: [] }), 'get_page needs mfn'],
  ['a word behind the record', mapWith({ words: [{ column: 'mfn', word: 6, words: 2 }] }), 'at most 7 words'],
  ['bits beyond the word', mapWith({ words: [{ column: 'mfn', word: 0, bits: [8, 25] }] }), 'bits'],
])('a map with %s is refused', (_, json, what) => {
  expect(() => parseMap(json)).toThrowError(
    expect.objectContaining({ code: 'P2M_MAP', blame: 'usage', message: expect.stringContaining(what) }),
  );
});
