import { expect, test } from 'vitest';
import { entry, hostOf, type StateRows, stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const step = (kind: string, more: object = {}) => ({ kind, domid: 1, gfn: 0x10, ...more });
const pageOf = ({ paging }: StateRows) => paging.find(({ gfn }) => gfn === 0x10);
const ram = entry(0x10, 0x100);
/** Each step of the pager (docs/xen.md#paging), and what it makes of an entry that was RAM at first. */
const STEPS = [
  ['page_nominate', [0x100, 'ram_paging_out'], 'ram_paging_out', false],
  ['page_evict', [null, 'ram_paged'], 'ram_paged', true],
  ['page_populate', [null, 'ram_paging_in'], 'ram_paging_in', true],
] as const;

test('out and in again, step by step', async () => {
  for (const [i, [, host, p2m_type, evicted]] of STEPS.entries()) {
    const state = await stateOf(ram, ...STEPS.slice(0, i + 1).map(([kind]) => step(kind)));
    expect(hostOf(state)).toEqual({ 16: host });
    expect(pageOf(state)).toEqual({ domid: 1, gfn: 0x10, p2m_type, evicted, last_seq: i + 1 });
  }
  const out = STEPS.map(([kind]) => step(kind));
  const prepared = await stateOf(ram, ...out, step('page_prep', { mfn: 0x200 }));
  expect(hostOf(prepared)).toEqual({ 16: [0x200, 'ram_rw'] });
  expect(pageOf(prepared)).toMatchObject({ p2m_type: 'ram_rw', evicted: false });
  const resumed = await stateOf(ram, ...out, step('page_prep', { mfn: 0x200 }), step('page_resume'));
  expect([hostOf(resumed), resumed.paging]).toEqual([{ 16: [0x200, 'ram_rw'] }, []]);
});

test('a page that is wanted before it was evicted keeps its frame', async () => {
  const wanted = await stateOf(ram, step('page_nominate'), step('page_populate'));
  expect(hostOf(wanted)).toEqual({ 16: [0x100, 'ram_paging_in'] });
  expect(pageOf(wanted)).toMatchObject({ evicted: false });
  const back = await stateOf(ram, step('page_nominate'), step('page_populate'), step('page_resume'));
  expect(hostOf(back)).toEqual({ 16: [0x100, 'ram_rw'] });
});

test('the recorded frame holds; where none is known the entry is unknown', async () => {
  const recorded = await stateOf(ram, step('page_nominate', { mfn: 0x300 }));
  expect(hostOf(recorded)).toEqual({ 16: [0x300, 'ram_paging_out'] });
  expect(hostOf(await stateOf(step('page_nominate')))).toEqual({});
  expect(hostOf(await stateOf(step('page_evict')))).toEqual({ 16: [null, 'ram_paged'] });
  expect(hostOf(await stateOf(step('page_evict'), step('page_prep')))).toEqual({});
});

test('a step that failed changes nothing', async () => {
  const state = await stateOf(ram, step('page_nominate'), step('page_evict', { rc: -16 }));
  expect([hostOf(state), pageOf(state)?.evicted]).toEqual([{ 16: [0x100, 'ram_paging_out'] }, false]);
});

test('where the writes are recorded too there is one of each', async () => {
  const state = await stateOf(ram, entry(0x10, 0x100, 'ram_paging_out'), step('page_nominate'));
  expect(state.p2m).toMatchObject([{ p2m_type: 'ram_paging_out', set_seq: 1 }]);
});

test('one gfn inside a superpage', async () => {
  const large = entry(0, 0x1000, 'ram_rw', { order: 9 });
  const { p2m } = await stateOf(large, step('page_nominate'), step('page_evict'));
  expect(p2m).toHaveLength(512);
  expect(p2m.filter(({ p2m_type }) => p2m_type !== 'ram_rw').map(({ gfn, mfn }) => [gfn, mfn])).toEqual([[0x10, null]]);
});

test('what each domain has paged out', async () => {
  const other = { domid: 2, gfn: 0x20 };
  const state = await stateOf(step('page_evict'), step('page_evict', other), step('page_evict', { gfn: 0x11 }));
  expect(state.paging.map(({ domid, gfn, evicted }) => [domid, gfn, evicted])).toEqual([
    [1, 0x10, true],
    [1, 0x11, true],
    [2, 0x20, true],
  ]);
});
