import { expect, test } from 'vitest';
import { entry, type StateRows, stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
/** Who maps the frame, in any view of any domain. */
const mappersOf = ({ m2p }: StateRows, mfn: number) =>
  m2p.filter(row => row.mfn === mfn && row.domid !== null).map(({ domid, view, gfn }) => `${domid} ${view} ${gfn}`);
const m2pOf = ({ m2p }: StateRows, mfn: number) => m2p.find(row => row.mfn === mfn)?.m2p ?? null;

test('the M2P is what was written to it: a gfn, invalid, shared, or unknown', async () => {
  const set = (mfn: number, more: object) => ({ kind: 'm2p_set', mfn, ...more });
  const state = await stateOf(
    set(0x100, { gfn: 0x10 }),
    set(0x101, {}),
    set(0x102, { flags: ['shared'] }),
    set(0x100, { gfn: 0x11 }),
    entry(0x50, 0x103),
  );
  expect([0x100, 0x101, 0x102, 0x103].map(mfn => m2pOf(state, mfn))).toEqual([0x11, 'invalid', 'shared', null]);
  expect(state.m2p.find(row => row.mfn === 0x100)?.m2p_seq).toBe(3);
});

test('a frame has every mapping of every view: aliases, altp2m, nested, other domains', async () => {
  const state = await stateOf(
    entry(0x10, 0x100),
    entry(0x11, 0x100),
    entry(0x20, 0x100, 'ram_rw', { view: 'altp2m:1' }),
    entry(0x30, 0x100, 'ram_rw', { view: 'nested:0' }),
    entry(0x40, 0x100, 'map_foreign', { domid: 0 }),
  );
  expect(mappersOf(state, 0x100).sort()).toEqual([
    '0 host 64',
    '1 altp2m:1 32',
    '1 host 16',
    '1 host 17',
    '1 nested:0 48',
  ]);
});

test('a mapping ends with its entry, in its own view only', async () => {
  const view = { view: 'altp2m:1' };
  const state = await stateOf(entry(0x10, 0x100), entry(0x10, 0x100, 'ram_rw', view), entry(0x10, null, 'invalid'));
  expect(mappersOf(state, 0x100)).toEqual(['1 altp2m:1 16']);
  const moved = await stateOf(entry(0x10, 0x100), entry(0x10, 0x200));
  expect([mappersOf(moved, 0x100), mappersOf(moved, 0x200)]).toEqual([[], ['1 host 16']]);
});

test('a superpage maps each of its frames, split or not', async () => {
  const large = entry(0x200, 0x1000, 'ram_rw', { order: 9 });
  const whole = await stateOf(large);
  expect([mappersOf(whole, 0x1000), mappersOf(whole, 0x11ff), mappersOf(whole, 0x1200)]).toEqual([
    ['1 host 512'],
    ['1 host 1023'],
    [],
  ]);
  const split = await stateOf(large, entry(0x205, 0x77));
  expect([0x1004, 0x1005, 0x1006, 0x77].map(mfn => mappersOf(split, mfn))).toEqual([
    ['1 host 516'],
    [],
    ['1 host 518'],
    ['1 host 517'],
  ]);
});

test('an entry below a superpage that takes its place maps nothing any more', async () => {
  const state = await stateOf(entry(0x205, 0x77), entry(0x200, 0x1000, 'ram_rw', { order: 9 }));
  expect([mappersOf(state, 0x77), mappersOf(state, 0x1005)]).toEqual([[], ['1 host 517']]);
});
