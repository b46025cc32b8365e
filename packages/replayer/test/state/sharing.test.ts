import { expect, test } from 'vitest';
import { entry, hostOf, type StateRows, stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const of = (kind: string, mfn: number, domid: number, gfn: number, more: object = {}) => ({
  kind,
  mfn,
  domid,
  gfn,
  ...more,
});
const membersOf = ({ sharing }: StateRows, mfn: number) =>
  sharing.filter(row => row.mfn === mfn).map(({ domid, gfn }) => [domid, gfn]);
const nominate = of('share_nominate', 0x100, 1, 0x10);
const share = of('share_pages', 0x100, 2, 0x20);

test('a nomination is the frame’s one member, and its rmap is complete', async () => {
  const state = await stateOf(entry(0x10, 0x100), nominate);
  expect(state.sharing).toEqual([{ mfn: 0x100, domid: 1, gfn: 0x10, rmap_count: 1, complete: true, since_seq: 1 }]);
  expect(hostOf(state)).toEqual({ 16: [0x100, 'ram_shared'] });
});

test('sharing moves a gfn from its own frame to the other', async () => {
  const own = of('share_nominate', 0x200, 2, 0x20);
  const state = await stateOf(nominate, own, share);
  expect([membersOf(state, 0x100), membersOf(state, 0x200)]).toEqual([
    [
      [2, 0x20],
      [1, 0x10],
    ],
    [],
  ]);
  expect(state.p2m.map(({ domid, gfn, mfn, p2m_type }) => [domid, gfn, mfn, p2m_type])).toEqual([
    [1, 0x10, 0x100, 'ram_shared'],
    [2, 0x20, 0x100, 'ram_shared'],
  ]);
});

test('the last one to unshare keeps the frame, any other gets one that is not told', async () => {
  const first = await stateOf(nominate, share, of('unshare', 0x100, 2, 0x20));
  expect([membersOf(first, 0x100), first.p2m.length]).toEqual([[[1, 0x10]], 1]);
  const last = await stateOf(nominate, share, of('unshare', 0x100, 2, 0x20), of('unshare', 0x100, 1, 0x10));
  expect([last.sharing, hostOf(last)]).toEqual([[], { 16: [0x100, 'ram_rw'] }]);
  // Where the new entry is written first, it stays.
  const written = entry(0x20, 0x300, 'ram_rw', { domid: 2 });
  const { p2m } = await stateOf(nominate, share, written, of('unshare', 0x100, 2, 0x20));
  expect(p2m.find(({ domid }) => domid === 2)).toMatchObject({ mfn: 0x300, p2m_type: 'ram_rw', set_seq: 2 });
});

test('without knowing all members nobody is known to be the last, unless the count says so', async () => {
  const shared = entry(0x10, 0x100, 'ram_shared');
  expect(hostOf(await stateOf(shared, of('unshare', 0x100, 1, 0x10)))).toEqual({});
  const counted = of('unshare', 0x100, 1, 0x10, { rmap_count: 0 });
  expect(hostOf(await stateOf(shared, counted))).toEqual({ 16: [0x100, 'ram_rw'] });
});

test('members may join and leave by themselves', async () => {
  const add = of('rmap_add', 0x100, 3, 0x30);
  const state = await stateOf(nominate, add, add, of('rmap_del', 0x100, 1, 0x10));
  expect(state.sharing).toMatchObject([{ domid: 3, gfn: 0x30, rmap_count: 1, complete: true, since_seq: 1 }]);
});

test('a recorded size is checked against a complete rmap, which then is none', async () => {
  const right = await stateOf(nominate, of('share_pages', 0x100, 2, 0x20, { rmap_count: 2 }));
  expect(right.divergences).toEqual([]);
  const wrong = await stateOf(nominate, of('share_pages', 0x100, 2, 0x20, { rmap_count: 3 }));
  expect(wrong.divergences).toMatchObject([{ seq: 1, about: 'rmap_count', mfn: 0x100, expected: 2, seen: 3 }]);
  expect(wrong.sharing.map(({ complete }) => complete)).toEqual([false, false]);
  const unknown = await stateOf(of('rmap_add', 0x100, 3, 0x30, { rmap_count: 9 }));
  expect(unknown.divergences).toEqual([]);
});

test('a frame that is freed is shared by nobody', async () => {
  const state = await stateOf(nominate, share, { kind: 'page_free', mfn: 0x100, order: 0 });
  expect(state.sharing).toEqual([]);
});

test('what failed changes nothing', async () => {
  const state = await stateOf(entry(0x10, 0x100), { ...nominate, rc: -22 });
  expect([state.sharing, hostOf(state)]).toEqual([[], { 16: [0x100, 'ram_rw'] }]);
});

test('where rmap_del is recorded it alone takes members out, and an unshare’s size is none of the rmap', async () => {
  const second = [of('rmap_add', 0x100, 2, 0x20, { rmap_count: 2 }), { ...share, rmap_count: 2 }];
  const gone = of('rmap_del', 0x100, 2, 0x20, { rmap_count: 1 });
  // The recorder takes it from the type count, before the member's is dropped.
  const right = await stateOf(nominate, ...second, gone, of('unshare', 0x100, 2, 0x20, { rmap_count: 2 }));
  expect([membersOf(right, 0x100), right.divergences]).toEqual([[[1, 0x10]], []]);
  const last = of('rmap_del', 0x100, 1, 0x10, { rmap_count: 0 });
  const left = await stateOf(nominate, ...second, of('unshare', 0x100, 2, 0x20, { rmap_count: 1 }), last);
  expect(membersOf(left, 0x100)).toEqual([[2, 0x20]]);
  expect(left.divergences).toMatchObject([{ seq: 4, about: 'rmap_count', expected: 1, seen: 0 }]);
});
