import { expect, test } from 'vitest';
import { replayTrace } from '../../src/index.js';
import { entry, hostOf, rowsOf, stateMaker } from '../support/state-of.js';
import { traceMaker } from '../support/trace-of.js';

const stateOf = stateMaker();
const traceOf = traceMaker();
const change = (gfn: number, end: number | string, p2m_type: string, more: object = {}) => {
  return { kind: 'type_change_range', domid: 1, gfn, end, p2m_type, ...more };
};

test('a change of types is read into what was written before, and stops at its end', async () => {
  const state = await stateOf(
    entry(1, 0x101),
    entry(2, 0x102),
    entry(3, null, 'populate_on_demand'),
    entry(9, 0x109),
    change(1, 9, 'ram_logdirty'),
    entry(2, 0x202),
  );
  expect(hostOf(state)).toEqual({
    1: [0x101, 'ram_logdirty'],
    2: [0x202, 'ram_rw'],
    3: [null, 'populate_on_demand'],
    9: [0x109, 'ram_rw'],
  });
  expect(state.p2m[0].set_seq).toBe(0);
});

test('changes apply one after the other, each to its old type', async () => {
  const events = [entry(1, 0x101), entry(2, 0x102, 'ram_ro'), change(0, 10, 'ram_logdirty', { old_type: 'ram_rw' })];
  expect(hostOf(await stateOf(...events, change(0, 10, 'ram_rw', { old_type: 'ram_logdirty' })))).toEqual({
    1: [0x101, 'ram_rw'],
    2: [0x102, 'ram_ro'],
  });
  expect(hostOf(await stateOf(...events, change(0, 10, 'ioreq_server', { old_type: 'ram_ro' })))).toEqual({
    1: [0x101, 'ram_logdirty'],
    2: [0x102, 'ioreq_server'],
  });
});

test('a change up to the end of everything', async () => {
  const state = await stateOf(entry(2 ** 40, 0x101), change(0, '0xffffffffffffffff', 'ram_logdirty'));
  expect(hostOf(state)).toEqual({ [2 ** 40]: [0x101, 'ram_logdirty'] });
});

test('what a lookup showed after the change has changed already', async () => {
  const lookup = { kind: 'lookup', domid: 1, gfn: 1, mfn: 0x101, p2m_type: 'ram_rw' };
  expect(hostOf(await stateOf(change(0, 10, 'ram_logdirty'), lookup))).toEqual({ 1: [0x101, 'ram_rw'] });
  expect(hostOf(await stateOf(lookup, change(0, 10, 'ram_logdirty')))).toEqual({ 1: [0x101, 'ram_logdirty'] });
});

test('a lookup that shows the changed type does not diverge, one that shows the old one of no log-dirty does', async () => {
  const events = [entry(1, 0x101), change(0, 10, 'ram_ro')];
  const lookup = (p2m_type: string) => ({ kind: 'lookup', domid: 1, gfn: 1, mfn: 0x101, p2m_type });
  expect((await stateOf(...events, lookup('ram_ro'))).divergences).toEqual([]);
  expect((await stateOf(...events, lookup('ram_rw'))).divergences).toMatchObject([{ seq: 2, about: 'lookup' }]);
});

test('a change of a part of a leaf shows in parts, and leaves the leaf whole', async () => {
  const state = await stateOf(entry(0, 0x40000, 'ram_rw', { order: 18 }), change(512, 514, 'ram_logdirty'));
  const changed = state.p2m.filter(({ p2m_type }) => p2m_type === 'ram_logdirty');
  expect(changed.map(({ gfn, mfn, order }) => [gfn, mfn, order])).toEqual([
    [512, 0x40000 + 512, 0],
    [513, 0x40000 + 513, 0],
  ]);
  // 511 leaves of 2M, and 512 of 4K where the change cuts.
  expect(state.p2m).toHaveLength(511 + 512);
  expect(state.p2m.every(({ set_seq }) => set_seq === 0)).toBe(true);
});

test('only the p2m that is named', async () => {
  const view = { view: 'nested:0' };
  const state = await stateOf(entry(1, 0x101), entry(1, 0x101, 'ram_rw', view), change(0, 9, 'ram_logdirty', view));
  expect(state.p2m.map(row => [row.view, row.p2m_type])).toEqual([
    ['host', 'ram_rw'],
    ['nested:0', 'ram_logdirty'],
  ]);
});

test('more changes than are kept apart give the same types', async () => {
  const events: object[] = [entry(0, 0x1000, 'ram_rw', { order: 9 }), entry(600, 0x600)];
  // Log-dirty wanders through the leaf, and ends at gfn 300.
  for (let gfn = 0; gfn <= 300; gfn++) {
    events.push(change(0, 512, 'ram_rw'), change(gfn, gfn + 1, 'ram_logdirty'));
  }
  const reader = await traceOf(events);
  const { p2m } = rowsOf(replayTrace(reader), reader);
  expect(p2m.filter(row => row.p2m_type === 'ram_logdirty').map(row => [row.gfn, row.mfn])).toEqual([[300, 0x112c]]);
  expect(p2m.reduce((frames, { order }) => frames + 2 ** order, 0)).toBe(513);
  expect(p2m.every(({ set_seq }) => set_seq === 0 || set_seq === 1)).toBe(true);
});

test('more changes than are kept, over parts of the p2m', async () => {
  const TYPES = ['ram_rw', 'ram_logdirty', 'ram_ro'];
  /** Numbers in no order, the same each time. */
  let state = 1;
  const random = (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  /** By gfn, each change carried out at once. */
  const naive = Array.from({ length: 64 }, () => 'ram_rw');
  const events: object[] = naive.map((_, gfn) => entry(gfn, 0x100 + gfn));
  for (let i = 0; i < 700; i++) {
    const first = random(60);
    const end = first + 1 + random(6);
    const [old, now] = [TYPES[random(3)], TYPES[random(3)]];
    events.push(change(first, end, now, { old_type: old }));
    for (let gfn = first; gfn < Math.min(end, 64); gfn++) if (naive[gfn] === old) naive[gfn] = now;
    if (i % 5 !== 0) continue;
    const gfn = random(64);
    events.push(entry(gfn, 0x100 + gfn));
    naive[gfn] = 'ram_rw';
  }
  expect(hostOf(await stateOf(...events))).toEqual(
    Object.fromEntries(naive.map((type, gfn) => [gfn, [0x100 + gfn, type]])),
  );
  expect(new Set(naive).size).toBe(3);
});
