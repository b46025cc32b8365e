import { expect, test } from 'vitest';
import { entry, hostOf, stateMaker } from '../support/state-of.js';

/**
 * A trace may have one class of events only: what the others would have told is unknown, and nothing contradicts
 * anything.
 */
const stateOf = stateMaker();
const MFN = 0x100;

test('p2m events alone: entries, and no page', async () => {
  const state = await stateOf(
    entry(0x10, MFN),
    { kind: 'lookup', pcpu: 0, domid: 1, gfn: 0x10, mfn: MFN, p2m_type: 'ram_rw', flags: ['locked'] },
    { kind: 'put_gfn', pcpu: 0, domid: 1, gfn: 0x10 },
    entry(0x10, null, 'invalid'),
  );
  expect(hostOf(state)).toEqual({ 16: [null, 'invalid'] });
  expect([state.pages, state.locks, state.contexts, state.divergences]).toEqual([[], [], [], []]);
});

test('page events alone: counts, and no entry', async () => {
  const state = await stateOf(
    { kind: 'page_alloc', mfn: MFN, order: 0, owner: 1 },
    { kind: 'get_page', mfn: MFN, count_info: '0x8000000000000002' },
    { kind: 'put_page', mfn: MFN, count_info: '0x8000000000000001' },
    { kind: 'page_free', mfn: MFN, order: 0 },
  );
  expect(state.pages).toMatchObject([{ state: 'free', generation: 1 }]);
  expect([state.p2m, state.m2p, state.divergences]).toEqual([[], [], []]);
});

test('puts alone: each fixes a count that the next one is checked against', async () => {
  const put = (n: number) => ({ kind: 'put_page', mfn: MFN, owner: 1, count_info: `0x${n}` });
  expect((await stateOf(put(3), put(2), put(1))).divergences).toEqual([]);
  expect((await stateOf(put(3), put(3))).divergences).toMatchObject([{ seq: 1, expected: 2, seen: 3 }]);
});

test('PoD events alone, as stock Xen on EPT has them: the entries that they imply', async () => {
  const populate = (gfn: number, mfn: number) => ({ kind: 'pod_populate', domid: 1, gfn, mfn, order: 0 });
  const state = await stateOf(populate(0x10, MFN), populate(0x11, 0x101), {
    kind: 'pod_zero_reclaim',
    domid: 1,
    gfn: 0x10,
    mfn: MFN,
    order: 0,
  });
  expect(hostOf(state)).toEqual({ 16: [null, 'populate_on_demand'], 17: [0x101, 'ram_rw'] });
  expect(state.pod).toMatchObject([
    { populated: { 0: 2 }, reclaimed: { 0: 1 }, count: null, entry_count: null, cached: 1 },
  ]);
});

test('lock events alone', async () => {
  const lock = { pcpu: 0, lock: 0x1000, mode: 'write', level: 16 };
  const state = await stateOf({ kind: 'lock_acquire', ...lock }, { kind: 'lock_acquire', ...lock, lock: 0x2000 });
  expect(state.locks.map(({ level }) => level)).toEqual([16, 16]);
  expect([state.p2m, state.pages, state.divergences]).toEqual([[], [], []]);
});

test('grants alone, and scheduling alone', async () => {
  const grants = await stateOf(
    { kind: 'grant_map', owner: 1 },
    { kind: 'grant_map', owner: 1 },
    { kind: 'grant_unmap', owner: 1 },
  );
  expect(grants.grants).toMatchObject([{ domid: null, owner: 1, since_seq: 0 }]);
  const sched = await stateOf({ kind: 'sched_switch', pcpu: 3, domid: 1, vcpu: 0, runstate: 0 });
  expect(sched.contexts).toMatchObject([{ pcpu: 3, domid: 1, vcpu: 0, locks: [], translations: [] }]);
});

test('type events alone', async () => {
  const state = await stateOf(
    { kind: 'get_type', mfn: MFN, type_info: '0xe400000000000003' },
    { kind: 'put_type', mfn: MFN, type_info: '0xe400000000000002' },
  );
  expect(state.pages).toMatchObject([{ type: 'writable', type_count: 2n, count: null, owner: null }]);
  expect(state.divergences).toEqual([]);
});

test('kinds that change nothing change nothing', async () => {
  const state = await stateOf(
    { kind: 'npf', domid: 1, gfn: 0x10, mfn: MFN, p2m_type: 'ram_rw' },
    { kind: 'mark', value: 1 },
    { kind: 'page_use', mfn: 0x101, flags: ['read'] },
    { kind: 'lock_wait', pcpu: 0, lock: 0x1000, mode: 'write' },
  );
  const { p2m, m2p, locks, contexts } = state;
  expect({ p2m, m2p, locks, contexts }).toEqual({ p2m: [], m2p: [], locks: [], contexts: [] });
});
