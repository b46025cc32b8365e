import { expect, test } from 'vitest';
import { entry, hostOf, type StateRows, stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const [ORDER_2M, ORDER_1G] = [9, 18];
const G = 2 ** ORDER_1G;
/** Leaves of each order. */
const leavesByOrder = ({ p2m }: StateRows) =>
  [0, ORDER_2M, ORDER_1G].map(order => p2m.filter(row => row.order === order).length);
const at = ({ p2m }: StateRows, gfn: number) => p2m.find(row => gfn >= row.gfn && gfn < row.gfn + 2 ** row.order);

test('a 4K write inside a 2M leaf splits it; the parts stay as they were written', async () => {
  const large = entry(0x200, 0x1000, 'ram_rw', { order: ORDER_2M, access: 'rwx' });
  const state = await stateOf(large, entry(0x205, 0x77, 'ram_ro'));
  expect(leavesByOrder(state)).toEqual([512, 0, 0]);
  expect(at(state, 0x204)).toMatchObject({ mfn: 0x1004, p2m_type: 'ram_rw', access: 'rwx', set_seq: 0 });
  expect(at(state, 0x205)).toMatchObject({ mfn: 0x77, p2m_type: 'ram_ro', access: null, set_seq: 1 });
  expect(at(state, 0x3ff)).toMatchObject({ mfn: 0x11ff, set_seq: 0 });
});

test('a 4K write inside a 1G leaf splits it twice, around that frame', async () => {
  const state = await stateOf(entry(G, 4 * G, 'ram_rw', { order: ORDER_1G }), entry(G + 0x205, 0x77));
  expect(leavesByOrder(state)).toEqual([512, 511, 0]);
  expect(at(state, G + 0x204)).toMatchObject({ order: 0, mfn: 4 * G + 0x204 });
  expect(at(state, G + 0x205)).toMatchObject({ order: 0, mfn: 0x77, set_seq: 1 });
  expect(at(state, G + 0x400)).toMatchObject({ gfn: G + 0x400, order: ORDER_2M, mfn: 4 * G + 0x400, set_seq: 0 });
});

test('a 2M write inside a 1G leaf leaves 511 others', async () => {
  const huge = entry(0, 4 * G, 'ram_rw', { order: ORDER_1G });
  const state = await stateOf(huge, entry(0x400, 0x800, 'ram_rw', { order: ORDER_2M }));
  expect(leavesByOrder(state)).toEqual([0, 512, 0]);
  expect(at(state, 0x401)).toMatchObject({ gfn: 0x400, mfn: 0x800, set_seq: 1 });
  expect(at(state, 0x600)).toMatchObject({ mfn: 4 * G + 0x600, set_seq: 0 });
});

test('a large write takes the place of all below', async () => {
  const small = [entry(0x1ff, 0x1), entry(0x200, 0x2), entry(0x3ff, 0x3), entry(0x400, 0x4)];
  const merged = await stateOf(...small, entry(0x200, 0x1000, 'ram_rw', { order: ORDER_2M }));
  expect(merged.p2m.map(({ gfn, order, mfn }) => [gfn, order, mfn])).toEqual([
    [0x1ff, 0, 0x1],
    [0x200, ORDER_2M, 0x1000],
    [0x400, 0, 0x4],
  ]);
  const large = entry(0x600, 0x2000, 'ram_rw', { order: ORDER_2M });
  const huge = await stateOf(...small, large, entry(0, G, 'ram_rw', { order: ORDER_1G }));
  expect(huge.p2m.map(({ gfn, order, mfn }) => [gfn, order, mfn])).toEqual([[0, ORDER_1G, G]]);
});

test('orders between are made of leaves of the next smaller order', async () => {
  const state = await stateOf(
    entry(0x400, 0x1000, 'ram_rw', { order: 10 }),
    entry(0x10, 0x100, 'ram_rw', { order: 2 }),
  );
  expect(state.p2m.map(({ gfn, order, mfn }) => [gfn, order, mfn])).toEqual([
    [0x10, 0, 0x100],
    [0x11, 0, 0x101],
    [0x12, 0, 0x102],
    [0x13, 0, 0x103],
    [0x400, ORDER_2M, 0x1000],
    [0x600, ORDER_2M, 0x1200],
  ]);
});

test('a leaf without frames splits into parts without frames', async () => {
  const state = await stateOf(entry(0, null, 'populate_on_demand', { order: ORDER_1G }), entry(0x205, 0x77));
  expect(leavesByOrder(state)).toEqual([512, 511, 0]);
  expect(at(state, 0x204)).toMatchObject({ mfn: null, p2m_type: 'populate_on_demand' });
  expect(at(state, 0x400)).toMatchObject({ mfn: null, p2m_type: 'populate_on_demand', order: ORDER_2M });
});

test('a removal is an entry, and not unknown', async () => {
  const state = await stateOf(entry(0x10, 0x100), entry(0x10, null, 'invalid'));
  expect(hostOf(state)).toEqual({ 16: [null, 'invalid'] });
});

test('writes that failed, and attempts where results are recorded, are none', async () => {
  const failed = [entry(1, 0x101, 'ram_rw', { flags: ['failed'] }), entry(2, 0x102, 'ram_rw', { rc: -12 })];
  const attempt = entry(3, 0x103, 'ram_rw', { flags: ['attempt'] });
  expect(hostOf(await stateOf(...failed, attempt))).toEqual({});
  expect(hostOf(await stateOf(attempt))).toEqual({ 3: [0x103, 'ram_rw'] });
});

test('impossible frames and orders are counted and change nothing', async () => {
  const state = await stateOf(
    entry(2 ** 52, 0x100),
    entry(0x10, 2 ** 52),
    entry(0x10, 0x100, 'ram_rw', { order: 29 }),
    entry(2 ** 52 - 1, 0x100),
  );
  expect([state.outOfRange, hostOf(state)]).toEqual([3, { [2 ** 52 - 1]: [0x100, 'ram_rw'] }]);
});

test('a lookup learns what it shows, and is checked against what is known', async () => {
  const lookup = (gfn: number, mfn: number, p2m_type = 'ram_rw') => ({ kind: 'lookup', domid: 1, gfn, mfn, p2m_type });
  const large = entry(0x200, 0x1000, 'ram_rw', { order: ORDER_2M });
  const learnt = await stateOf(
    lookup(0x10, 0x100),
    large,
    lookup(0x205, 0x1005),
    lookup(0x206, 0x1006, 'ram_logdirty'),
  );
  expect(learnt.divergences).toEqual([]);
  expect(at(learnt, 0x10)).toMatchObject({ order: 0, mfn: 0x100, set_seq: null });
  expect(leavesByOrder(learnt)).toEqual([1, 1, 0]);
  const other = await stateOf(large, lookup(0x205, 0x77));
  expect(other.divergences).toMatchObject([
    { seq: 1, about: 'lookup', domid: 1, gfn: 0x205, expected: 0x1005, seen: 0x77, last_seq: 0 },
  ]);
  // The recorded value holds, of that frame alone.
  expect([at(other, 0x204)?.mfn, at(other, 0x205)?.mfn, at(other, 0x206)?.mfn]).toEqual([0x1004, 0x77, 0x1006]);
});
