import { describe, expect, test } from 'vitest';
import { layout, type StateRows, stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const MFN = 0x100;
const of = (kind: string, more: object = {}) => ({ kind, mfn: MFN, ...more });
const alloc = (owner: number | null = 1, more: object = {}) =>
  of('page_alloc', { order: 0, ...(owner !== null && { owner }), ...more });
const free = of('page_free', { order: 0 });
const pageOf = ({ pages }: StateRows, mfn = MFN) => pages.find(row => row.mfn === mfn);
const hex = (value: bigint) => `0x${value.toString(16)}`;

/**
 * Bits of count_info by layout (docs/format.md#page_info-layouts): P2 has 55 bits of count, P8 56, and P0 26 in a word
 * of 32 bits.
 */
describe.each([
  { name: 'P0', allocated: 1n << 31n, width: 26n },
  { name: 'P2', allocated: 1n << 63n, width: 55n },
  { name: 'P8', allocated: 1n << 63n, width: 56n },
])('count_info of layout $name', ({ name, allocated, width }) => {
  const head = layout(name);

  test('an allocation has PGC_allocated and its one reference; gets and puts move the count alone', async () => {
    expect(pageOf(await stateOf(head, alloc()))).toMatchObject({
      state: 'allocated',
      owner: 1,
      count: 1n,
      count_flags: ['allocated'],
      count_info: allocated | 1n,
      generation: 1,
    });
    const moved = await stateOf(head, alloc(), of('get_page'), of('get_page'), of('put_page'));
    expect(pageOf(moved)).toMatchObject({ count: 2n, count_flags: ['allocated'], count_seq: 3 });
  });

  test('put_page_alloc_ref takes the flag and a reference', async () => {
    const state = await stateOf(head, alloc(), of('get_page'), of('alloc_ref_drop'));
    expect(pageOf(state)).toMatchObject({ count: 1n, count_flags: [], count_info: 1n });
  });

  test('below 0 the count wraps inside its own bits', async () => {
    const state = await stateOf(head, alloc(), of('put_page'), of('put_page'));
    expect(pageOf(state)).toMatchObject({ count: (1n << width) - 1n, count_flags: ['allocated'] });
  });

  test('a recorded value is decoded, fixes an unknown count, and holds where it differs', async () => {
    const recorded = (count: bigint) => ({ count_info: hex(allocated | count) });
    const learnt = await stateOf(head, of('get_page', recorded(7n)), of('put_page', recorded(6n)));
    expect(pageOf(learnt)).toMatchObject({ count: 6n, count_flags: ['allocated'], state: 'unknown', generation: 0 });
    expect(learnt.divergences).toEqual([]);
    const other = await stateOf(head, alloc(), of('get_page', recorded(5n)), of('put_page', recorded(4n)));
    expect(other.divergences).toMatchObject([
      { seq: 1, about: 'count_info', mfn: MFN, expected: 2, seen: 5, last_seq: 0 },
    ]);
    expect(pageOf(other)?.count).toBe(4n);
  });
});

test('a get that failed leaves the count; what it recorded is checked', async () => {
  const failed = of('get_page_failed', { count_info: '0x8000000000000002' });
  const state = await stateOf(alloc(), of('get_page', { flags: ['failed'] }), failed);
  expect(pageOf(state)).toMatchObject({ count: 2n });
  expect(state.divergences).toMatchObject([{ seq: 2, expected: 1, seen: 2 }]);
});

test('each allocation is a generation; a free page knows neither owner nor counts', async () => {
  const freed = await stateOf(alloc(), free);
  expect(pageOf(freed)).toMatchObject({
    state: 'free',
    owner: null,
    count: null,
    type: null,
    generation: 1,
    last_seq: 1,
  });
  const again = await stateOf(alloc(1), of('get_page'), free, alloc(2));
  expect(pageOf(again)).toMatchObject({ state: 'allocated', owner: 2, count: 1n, generation: 2, last_seq: 3 });
});

test('what was allocated as one is freed page by page', async () => {
  const events = [
    { kind: 'page_alloc', mfn: 0x200, order: 9, owner: 1 },
    { kind: 'page_free', mfn: 0x205, order: 0 },
  ];
  const { pages } = await stateOf(...events);
  expect(pages).toHaveLength(512);
  const freed = pages.filter(({ state }) => state === 'free');
  expect(freed.map(({ mfn }) => mfn)).toEqual([0x205]);
  expect(pages.filter(({ owner, generation }) => owner === 1 && generation === 1)).toHaveLength(511);
});

test('a page without an owner has a count that nobody told, until somebody does', async () => {
  expect(pageOf(await stateOf(alloc(null)))).toMatchObject({
    state: 'allocated',
    owner: null,
    count: null,
    type: null,
  });
  const given = await stateOf(alloc(null), of('owner_set', { owner: 3, count_info: '0x8000000000000001' }));
  expect(pageOf(given)).toMatchObject({ owner: 3, count: 1n, generation: 1 });
});

test('an owner is what was recorded last, with a reference or by itself', async () => {
  expect(pageOf(await stateOf(of('get_page', { owner: 4 })))).toMatchObject({ owner: 4, state: 'unknown' });
  expect(pageOf(await stateOf(alloc(1), of('get_page', { owner: 2 })))).toMatchObject({ owner: 2 });
  // Owners are not compared: most hypervisors record only some of their changes.
  expect((await stateOf(alloc(1), of('get_page', { owner: 2 }))).divergences).toEqual([]);
  // steal_page() has taken the count to 0 by then, with no put.
  expect(pageOf(await stateOf(alloc(1), of('owner_set', { old_owner: 1 })))).toMatchObject({
    owner: null,
    count: null,
  });
});

test('impossible frames and orders change nothing', async () => {
  const far = { mfn: 2 ** 52 };
  const state = await stateOf(of('get_page', far), of('page_alloc', { order: 21, owner: 1 }), of('put_page', far));
  expect([state.pages, state.outOfRange]).toEqual([[], 3]);
});
