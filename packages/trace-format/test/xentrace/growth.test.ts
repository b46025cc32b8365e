import { SymbolTable } from '@p2mtrace/trace-format';
import { expect, test } from 'vitest';
import { RECORDS } from '../../src/schema/record-table.js';
import { importWindows, record, window } from '../support/records.js';
import { tempDir } from '../support/temp-dir.js';

/* Recorders of later times: records with more words, or with flags that no row of the table has. */

const path = tempDir();
const FRAMES = [0x40, 0, 0x7700, 0];
/** The payload of each record that has flags or words to spare, as today's recorders write it. */
const PLAIN = {
  lookup: [...FRAMES, 7, 1 << 16],
  setEntry: [...FRAMES, 7, 7 << 16],
  getPage: [0x7700, 0, 7, 0x8000_0001, 2, 0x8000_0000],
  putPage: [0x7700, 0, 7, 0, 1, 0x8000_0000],
  allocRefDrop: [0x7700, 0, 7, 0, 1, 0],
  lockAcquire: [0x40, 0xffff_8301, 16, 0x1_0101, 0x4020_0000, 0xffff_82d0],
  putGfn: [0x40, 0, 7, 0],
  tlbFlush: [7, 1],
  m2pSet: [0x7700, 0, 0x40, 0],
  grant: [0x7700, 0, 7 << 16, 5, 6, 2 << 8],
  pageAlloc: [0x7700, 0, 9, 7],
  altp2m: [1, 0, 2, 0, 7, 3],
  domainDying: [7],
  paging: [...FRAMES, 7, 1, 0xffff_fff0],
  typeChangeRange: [0x40, 0, 0x80, 0, 7, 2 << 8],
  p2mTable: [0x7700, 0, 7 | (0x801 << 16), 1],
} as const;
type Name = keyof typeof PLAIN;

/** The row of one record of that payload, and what its import says. */
async function imported(name: Name, payload: readonly number[], symbols?: SymbolTable) {
  const one = [window(0, record(RECORDS[name].id, payload))];
  const { rows, metadata } = await importWindows(path(name), one, { symbols });
  const { seq: _, ...row } = rows[0];
  expect(rows).toHaveLength(1);
  return { row, health: metadata.health };
}

const hexId = (name: Name) => `0x${RECORDS[name].id.toString(16).padStart(8, '0')}`;

test.each([
  ['lookup', 5, 1 << 18],
  ['lookup', 5, 1 << 30],
  ['setEntry', 5, 1 << 24],
  ['getPage', 3, 2],
  ['putPage', 3, 1],
  ['lockAcquire', 3, 1 << 9],
  ['putGfn', 3, 1],
  ['tlbFlush', 1, 2],
  ['grant', 5, 1 << (8 + 6)],
  ['grant', 5, 1 << (8 + 19)],
] as const)('a flag of %s that nobody knows is ignored and counted (word %i, %i)', async (name, word, bit) => {
  const plain = await imported(name, PLAIN[name]);
  const payload = PLAIN[name].map((value, at) => (at === word ? value | bit : value) >>> 0);
  const { row, health } = await imported(name, payload);
  expect(row).toEqual(plain.row);
  expect(plain.health?.ignoredById).toBeUndefined();
  expect(health).toMatchObject({ misfits: 0, unknownById: {}, ignoredById: { [hexId(name)]: 1 } });
});

test.each(['lockAcquire', 'putGfn', 'pageAlloc', 'altp2m', 'domainDying', 'p2mTable'] as const)(
  'a word behind those of %s is ignored and counted',
  async name => {
    const plain = await imported(name, PLAIN[name]);
    const { row, health } = await imported(name, [...PLAIN[name], 0xfffe_fffe]);
    expect(row).toEqual(plain.row);
    expect(health).toMatchObject({ misfits: 0, unknownById: {}, ignoredById: { [hexId(name)]: 1 } });
  },
);

test.each(['lookup', 'setEntry', 'getPage', 'putPage', 'allocRefDrop', 'm2pSet', 'tlbFlush'] as const)(
  'a word behind those of %s is its caller',
  async name => {
    const symbols = SymbolTable.parse('ffff82d040200000 T first\nffff82d040300000 T second\n', 'symbols');
    const plain = await imported(name, PLAIN[name], symbols);
    const { row, health } = await imported(name, [...PLAIN[name], 0x4030_0010], symbols);
    expect(plain.row).toMatchObject({ caller: null, symbol: null });
    expect(row).toEqual({ ...plain.row, caller: 0xffff_82d0_4030_0010n, symbol: 'second' });
    expect(health?.ignoredById).toBeUndefined();
    const none = await imported(name, [...PLAIN[name], 0], symbols);
    expect(none.row).toEqual(plain.row);
  },
);

test('a lock and a lookup of one caller name it alike', async () => {
  const { rows } = await importWindows(path('both'), [
    window(
      0,
      record(RECORDS.lockAcquire.id, PLAIN.lockAcquire),
      record(RECORDS.lookup.id, [...PLAIN.lookup, 0x4020_0000]),
    ),
  ]);
  expect(rows.map(({ caller }) => caller)).toEqual([0xffff_82d0_4020_0000n, 0xffff_82d0_4020_0000n]);
});

test('flags of a grant are kept, those for the guest too', async () => {
  // host_map, application_map, contains_pte and guest_avail0: what Linux asks for in a PV domain (gntdev.c).
  const { row, health } = await imported('grant', [0x7700, 0, 7 << 16, 5, 6, 0x1_001a << 8]);
  expect(row).toMatchObject({ kind: 'grant_map', owner: 7, arg0: 5n, arg1: 6n });
  expect(row.flags).toBe((1 << 17) | (1 << 18) | (1 << 19) | (1 << 25));
  expect(health?.ignoredById).toBeUndefined();
});

test('GNTMAP bits behind the first 24 are in a word of their own', async () => {
  // guest_avail15 is bit 31, which x86 does not use; the word with 24 of them is then not looked at.
  const { row, health } = await imported('grant', [...PLAIN.grant.slice(0, 5), 0x1_001a << 8, 0x8001_0006]);
  expect(row.flags).toBe((1 << 17) | (1 << 15) | (1 << 25));
  expect(health?.ignoredById).toEqual({ [hexId('grant')]: 1 });
});

test.each([
  ['getPage', 0x8000_0001 + (0x0030_0010 << 1)],
  ['putPage', 0x4030_0010],
  ['allocRefDrop', 0x4030_0010],
] as const)('the caller of the caller of %s', async (name, word) => {
  const plain = await imported(name, PLAIN[name]);
  const payload = PLAIN[name].map((value, at) => (at === 3 ? word : value) >>> 0);
  const { row, health } = await imported(name, payload);
  expect(row).toEqual({ ...plain.row, arg0: 0xffff_82d0_4030_0010n });
  expect(health?.ignoredById).toBeUndefined();
});

test.each([
  ['domainDying', { kind: 'domain_dying', domid: 7 }],
  ['paging', { kind: 'page_evict', domid: 7, gfn: 0x40n, mfn: 0x7700n, rc: -16 }],
  // Types by their places in the dictionary: ram_rw, ram_logdirty.
  [
    'typeChangeRange',
    { kind: 'type_change_range', domid: 7, gfn: 0x40n, arg0: 0x80n, arg1: 0n, p2m_type: 'ram_logdirty' },
  ],
  ['p2mTable', { kind: 'p2m_table_free', domid: 7, view: 'altp2m:1', mfn: 0x7700n }],
] as const)('the record %s', async (name, expected) => {
  const { row, health } = await imported(name, PLAIN[name]);
  expect(row).toMatchObject(expected);
  expect(health).toMatchObject({ misfits: 0, unknownById: {} });
});

test.each([
  ['paging', 5, 5],
  ['paging', 4, 0x1_0000],
  ['typeChangeRange', 5, 0xff],
  ['p2mTable', 3, 2],
  ['domainDying', 0, 0x1_0000],
] as const)('a record %s whose word %i is %i fits no kind', async (name, word, value) => {
  const { row, health } = await imported(
    name,
    PLAIN[name].map((old, at) => (at === word ? value : old)),
  );
  expect(row.kind).toBe('unknown');
  expect(health?.misfits).toBe(1);
});
