import { expect, test } from 'vitest';
import { layout, stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const MFN = 0x100;
const get = (count_info: string, more: object = {}) => ({ kind: 'get_page', mfn: MFN, count_info, ...more });
const alloc = (more: object = {}) => ({ kind: 'page_alloc', mfn: MFN, order: 0, ...more });
/** Counts that no get gave the page. */
const RAW = [get('0x3'), get('0x9')];

test('counts of a page that nobody owns and that never was PGC_allocated are no references', async () => {
  expect((await stateOf(...RAW)).divergences).toEqual([]);
  expect((await stateOf(alloc(), ...RAW)).divergences).toEqual([]);
});

test('PGC_allocated or an owner makes them references', async () => {
  const owned = await stateOf(alloc({ owner: 1 }), get('0x8000000000000002'), get('0x8000000000000009'));
  expect(owned.divergences).toMatchObject([{ seq: 2, about: 'count_info', expected: 3, seen: 9 }]);
  const allocated = await stateOf(get('0x8000000000000003'), get('0x8000000000000009'));
  expect(allocated.divergences).toMatchObject([{ seq: 1, expected: 4, seen: 9 }]);
  const byOwner = await stateOf(get('0x3', { owner: 1 }), get('0x9', { owner: 1 }));
  expect(byOwner.divergences).toMatchObject([{ seq: 1, expected: 4, seen: 9 }]);
});

test('what a page had before it was under reference counting contradicts nothing', async () => {
  const given = await stateOf(alloc(), get('0x3'), get('0x8000000000000002', { owner: 1 }), get('0x8000000000000003'));
  expect(given.divergences).toEqual([]);
});

test('a page leaves when it is freed, allocated for nobody, or taken from its owner', async () => {
  const owned = alloc({ owner: 1 });
  const free = { kind: 'page_free', mfn: MFN, order: 0, owner: 1 };
  expect((await stateOf(owned, free, alloc(), ...RAW)).divergences).toEqual([]);
  const stolen = { kind: 'owner_set', mfn: MFN, count_info: '0x0' };
  expect((await stateOf(owned, stolen, ...RAW)).divergences).toEqual([]);
  expect((await stateOf(owned, ...RAW)).divergences).toHaveLength(2);
});

/** PGT_shared, PGT_validated and so many references; with PGT_locked there is one more. */
const shared = (count: number, locked = false) =>
  `0x${((6n << 61n) | (1n << 58n) | (locked ? 1n << 60n : 0n) | BigInt(count)).toString(16)}`;
const type = (kind: string, type_info: string) => ({ kind, mfn: MFN, type_info });

test('PGT_locked holds one type count, which page_lock and page_unlock move unseen', async () => {
  const state = await stateOf(
    layout('P8'),
    type('get_type', shared(1)),
    type('get_type', shared(3, true)),
    type('get_type', shared(4, true)),
    type('put_type', shared(2)),
    type('put_type', shared(1)),
  );
  expect(state.divergences).toEqual([]);
  const wrong = await stateOf(layout('P8'), type('get_type', shared(1)), type('get_type', shared(2, true)));
  expect(wrong.divergences).toMatchObject([{ seq: 1, about: 'type_info', expected: 3, seen: 2 }]);
});

test('a layout that the counts contradict is one divergence, and the layout that fits is known', async () => {
  const [allocated, shadowed] = [1n << 63n, 1n << 56n];
  const counts = [allocated | 2n, allocated | shadowed | 3n, allocated | 4n, allocated | shadowed | 5n];
  const gets = counts.map(info => get(`0x${info.toString(16)}`));
  const wrong = await stateOf(layout('P6'), ...gets);
  expect(wrong.divergences).toMatchObject([{ seq: 1, about: 'layout', mfn: MFN }]);
  expect(wrong.layout).toEqual({ layout: 'P6', counts: 3, fitting: ['P8'] });
  const right = await stateOf(layout('P8'), ...gets);
  expect([right.divergences, right.layout.counts]).toEqual([[], 0]);
  // A count that is wrong by any layout is one of its own.
  const lost = await stateOf(layout('P6'), ...gets, get(`0x${(allocated | shadowed | 9n).toString(16)}`));
  expect(lost.divergences).toMatchObject([{ about: 'layout' }, { seq: 4, about: 'count_info' }]);
});
