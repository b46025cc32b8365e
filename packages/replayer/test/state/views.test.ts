import { expect, test } from 'vitest';
import { entry, type StateRows, stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const VIEW = { domid: 1, view: 'altp2m:1' };
const inView = (gfn: number, mfn: number | null, type = 'ram_rw') => entry(gfn, mfn, type, VIEW);
const create = { kind: 'view_create', ...VIEW };
const remap = (gfn: number, new_gfn?: number) => ({ kind: 'remap', ...VIEW, gfn, ...(new_gfn && { new_gfn }) });
const lookup = (gfn: number, mfn: number | null, more: object = {}) => {
  const seen = mfn === null ? { p2m_type: 'mmio_dm' } : { mfn, p2m_type: 'ram_rw' };
  return { kind: 'lookup', ...VIEW, gfn, ...seen, ...more };
};
const entriesOf = ({ p2m }: StateRows) =>
  p2m.filter(({ view }) => view === 'altp2m:1').map(({ gfn, mfn }) => [gfn, mfn]);
const remapsOf = ({ views }: StateRows) =>
  views.filter(({ what }) => what === 'remap').map(({ gfn, new_gfn }) => [gfn, new_gfn]);
const staleOf = ({ views }: StateRows) =>
  views.filter(({ what }) => what === 'stale').map(({ gfn, since_seq }) => [gfn, since_seq]);

test('a view that was created is empty and complete, and empty again after a reset', async () => {
  const state = await stateOf(inView(1, 0x100), create, inView(2, 0x200), { kind: 'view_reset', ...VIEW });
  expect(entriesOf(state)).toEqual([]);
  expect(state.views).toMatchObject([{ what: 'view', complete: true, since_seq: 3 }]);
});

test('a view that was destroyed is gone', async () => {
  const state = await stateOf(create, inView(2, 0x200), { kind: 'view_destroy', ...VIEW });
  expect([state.views, entriesOf(state)]).toEqual([[], []]);
});

test('the host p2m is no view', async () => {
  const state = await stateOf(entry(1, 0x100), { kind: 'view_create', domid: 1, view: 'host' });
  expect(state.p2m).toHaveLength(1);
});

test('a remap shows the new gfn’s entry: the view’s own, or the host’s', async () => {
  const state = await stateOf(
    entry(0x10, 0x100),
    entry(0x11, 0x111),
    create,
    inView(0x11, 0x222),
    {
      ...remap(0x20, 0x10),
    },
    remap(0x21, 0x11),
  );
  expect(entriesOf(state)).toEqual([
    [0x11, 0x222],
    [0x20, 0x100],
    [0x21, 0x222],
  ]);
  expect(remapsOf(state)).toEqual([
    [0x20, 0x10],
    [0x21, 0x11],
  ]);
});

test('a remap to what nobody knows makes its entry unknown, not absent', async () => {
  const state = await stateOf(create, inView(0x20, 0x200), remap(0x20, 0x10), lookup(0x20, 0x999));
  expect(state.divergences).toEqual([]);
  expect(entriesOf(state)).toEqual([[0x20, 0x999]]);
});

test('a remap to nothing takes the entry away, and the remap before it', async () => {
  const state = await stateOf(entry(0x10, 0x100), create, remap(0x20, 0x10), remap(0x20));
  expect([entriesOf(state), remapsOf(state)]).toEqual([[], []]);
});

test('a remap that failed is none', async () => {
  const state = await stateOf(entry(0x10, 0x100), create, { ...remap(0x20, 0x10), rc: -22 });
  expect([entriesOf(state), remapsOf(state)]).toEqual([[], []]);
});

test('a remap ends when its entry gets another mfn, and not before', async () => {
  const events = [entry(0x10, 0x100), create, remap(0x20, 0x10), remap(0x21, 0x10)];
  expect(remapsOf(await stateOf(...events, inView(0x20, 0x100), inView(0x21, 0x101)))).toEqual([[0x20, 0x10]]);
});

test('a view’s entry is stale once the host’s differs, until it is written', async () => {
  const before = [entry(0x10, 0x100), entry(0x11, 0x101), create, inView(0x10, 0x100), inView(0x11, 0x101)];
  const changed = [entry(0x10, 0x300), entry(0x11, null, 'invalid'), entry(0x12, 0x102)];
  expect(staleOf(await stateOf(...before, ...changed))).toEqual([
    [0x10, 5],
    [0x11, 6],
  ]);
  expect(staleOf(await stateOf(...before, ...changed, inView(0x10, 0x300)))).toEqual([[0x11, 6]]);
  expect(staleOf(await stateOf(...before, entry(0x10, 0x100)))).toEqual([]);
});

test('a remap is not stale, whatever the host does', async () => {
  expect(staleOf(await stateOf(entry(0x10, 0x100), create, remap(0x20, 0x10), entry(0x20, 0x200)))).toEqual([]);
});

test('one frame of the host makes a whole leaf of the view stale, and its parts stay so', async () => {
  const large = { order: 9, ...VIEW };
  const events = [entry(512, 0x1000, 'ram_rw', { order: 9 }), create, entry(512, 0x1000, 'ram_rw', large)];
  const state = await stateOf(...events, entry(515, 0x77));
  expect(staleOf(state)).toEqual([[512, 3]]);
  // The view's leaf falls apart: 511 parts are still stale, the one that was written is not.
  expect(staleOf(await stateOf(...events, entry(515, 0x77), inView(515, 0x77)))).toHaveLength(511);
});

test('an implied write of the host counts like any other', async () => {
  const map = { kind: 'foreign_map', domid: 1, gfn: 0x10, mfn: 0x300, owner: 2 };
  expect(staleOf(await stateOf(create, inView(0x10, 0x100), map))).toEqual([[0x10, 2]]);
});

test('other domains and nested p2ms are no views of this host', async () => {
  const nested = entry(0x10, 0x100, 'ram_rw', { view: 'nested:1' });
  const other = entry(0x10, 0x100, 'ram_rw', { domid: 2, view: 'altp2m:1' });
  expect(staleOf(await stateOf(nested, other, entry(0x10, 0x300)))).toEqual([]);
});

test('a complete view shows nothing, or the host’s entry, where it has none', async () => {
  const state = await stateOf(entry(0x10, 0x100), create, lookup(0x10, 0x100), lookup(0x11, null), lookup(0x12, 0x112));
  expect(state.divergences).toEqual([]);
  // What the host would show at 0x12 is unknown, so nothing contradicts.
  expect(entriesOf(state)).toEqual([
    [0x10, 0x100],
    [0x12, 0x112],
  ]);
});

test('anything else in a complete view diverges, and holds', async () => {
  const state = await stateOf(entry(0x10, 0x100), create, lookup(0x10, 0x999), lookup(0x10, 0x999));
  expect(state.divergences).toMatchObject([{ seq: 2, about: 'lookup', expected: null, seen: 0x999, last_seq: 1 }]);
});

test('a view that was not created in this trace lacks nothing for certain', async () => {
  const state = await stateOf(entry(0x10, 0x100), inView(0x20, 0x200), lookup(0x10, 0x999));
  expect(state.divergences).toEqual([]);
});
