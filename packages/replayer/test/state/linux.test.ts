import { expect, test } from 'vitest';
import { type StateRows, stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const of = (kind: string, gfn: number, mfn: number | null, more: object = {}) => ({
  kind,
  domid: 0,
  gfn,
  ...(mfn !== null && { mfn }),
  ...more,
});
const set = (gfn: number, mfn: number | null, ...flags: string[]) => of('phys_to_machine_set', gfn, mfn, { flags });
const add = (gfn: number, mfn: number, more: object = {}) => of('m2p_override_add', gfn, mfn, more);
const remove = (gfn: number, mfn: number, more: object = {}) => of('m2p_override_remove', gfn, mfn, more);
/** phys_to_machine by pfn. */
const entriesOf = ({ linux }: StateRows) =>
  Object.fromEntries(linux.filter(row => row.what === 'entry').map(row => [row.pfn, [row.mfn, ...(row.bits ?? [])]]));
const chainOf = ({ linux }: StateRows, mfn: number) =>
  linux.filter(row => row.what === 'override' && row.mfn === mfn).map(row => [row.pfn, row.old_mfn]);

test('phys_to_machine has frames with their bits', async () => {
  const state = await stateOf(
    set(1, 0x101),
    set(2, 0x900, 'foreign'),
    set(3, 0x3, 'identity'),
    set(4, null),
    set(1, 0x111),
  );
  expect(entriesOf(state)).toEqual({ 1: [0x111], 2: [0x900, 'foreign'], 3: [0x3, 'identity'], 4: [null] });
});

test('an override makes the pfn foreign, and its end puts back what was there', async () => {
  const overridden = await stateOf(set(1, 0x101), add(1, 0x900));
  expect(entriesOf(overridden)).toEqual({ 1: [0x900, 'foreign'] });
  expect(chainOf(overridden, 0x900)).toEqual([[1, 0x101]]);
  const restored = await stateOf(set(1, 0x101), add(1, 0x900), remove(1, 0x900));
  expect([entriesOf(restored), chainOf(restored, 0x900)]).toEqual([{ 1: [0x101] }, []]);
});

test('several pages override one frame: the latest is in front', async () => {
  const events = [set(1, 0x101), set(2, 0x102), set(3, 0x103), add(1, 0x900), add(2, 0x900), add(3, 0x900)];
  expect(chainOf(await stateOf(...events), 0x900)).toEqual([
    [3, 0x103],
    [2, 0x102],
    [1, 0x101],
  ]);
  expect(chainOf(await stateOf(...events, remove(2, 0x900)), 0x900)).toEqual([
    [3, 0x103],
    [1, 0x101],
  ]);
});

test('the foreign bit of the frontend’s own pfn is what was written there, and nothing else (docs/xen.md#thread-m2p-override)', async () => {
  // pfn 5 is the local page whose frame is granted and then mapped as pfn 1.
  const events = [set(5, 0x900), set(1, 0x101), add(1, 0x900)];
  expect(entriesOf(await stateOf(...events))).toEqual({ 5: [0x900], 1: [0x900, 'foreign'] });
  const marked = [...events, set(5, 0x900, 'foreign')];
  expect(entriesOf(await stateOf(...marked, remove(1, 0x900)))).toEqual({ 5: [0x900, 'foreign'], 1: [0x101] });
  const cleared = [...marked, remove(1, 0x900), set(5, 0x900)];
  expect(entriesOf(await stateOf(...cleared))).toEqual({ 5: [0x900], 1: [0x101] });
});

test('a recorded old frame holds; another than the known one is a divergence', async () => {
  const state = await stateOf(set(1, 0x101), add(1, 0x900, { old_mfn: 0x101 }), remove(1, 0x900, { old_mfn: 0x222 }));
  expect(state.divergences).toMatchObject([{ seq: 2, about: 'old_mfn', expected: 0x101, seen: 0x222, last_seq: 1 }]);
  expect(entriesOf(state)).toEqual({ 1: [0x222] });
});

test('nothing known, nothing restored: the pfn is unknown', async () => {
  expect(entriesOf(await stateOf(add(1, 0x900), remove(1, 0x900)))).toEqual({});
  // A recorder that wrote the new entry first has left nothing to know the old one by.
  const first = await stateOf(set(1, 0x101), set(1, 0x900, 'foreign'), add(1, 0x900));
  expect([chainOf(first, 0x900), first.divergences]).toEqual([[[1, null]], []]);
});

test('INVALID_P2M_ENTRY is no frame', async () => {
  const invalid = { old_mfn: '0xffffffffffffffff' };
  const state = await stateOf(add(1, 0x900, invalid), remove(1, 0x900));
  expect([entriesOf(state), state.outOfRange]).toEqual([{ 1: [null] }, 0]);
});

test('a removal that failed (the pfn was not foreign) changes nothing', async () => {
  const state = await stateOf(set(1, 0x101), add(1, 0x900), remove(1, 0x900, { rc: -22 }));
  expect(chainOf(state, 0x900)).toEqual([[1, 0x101]]);
});

test('each domain has its own table', async () => {
  const { linux } = await stateOf(set(1, 0x101), { ...set(1, 0x201), domid: 3 });
  expect(linux.map(({ domid, mfn }) => [domid, mfn])).toEqual([
    [0, 0x101],
    [3, 0x201],
  ]);
});
