import { expect, test } from 'vitest';
import { entry, hostOf, stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const MFN = 0x100;
const lost = (pcpu?: number) => ({ kind: 'lost', pcpu, count: 5 });
const alloc = { kind: 'page_alloc', mfn: MFN, order: 0, owner: 1 };
const get = (count: number) => ({ kind: 'get_page', mfn: MFN, count_info: `0x800000000000000${count}` });
const lookup = (gfn: number, mfn: number) => ({ kind: 'lookup', domid: 1, gfn, mfn, p2m_type: 'ram_rw' });

test('counts and entries are unknown after a loss; the next recorded value fixes them, without a word', async () => {
  const state = await stateOf(alloc, entry(0x10, MFN), lost(0), get(7), lookup(0x10, 0x999));
  expect(state.divergences).toEqual([]);
  expect(state.pages).toMatchObject([{ count: 7n, generation: 1 }]);
  expect(hostOf(state)).toEqual({ 16: [0x999, 'ram_rw'] });
  expect(state.p2m).toMatchObject([{ set_seq: null }]);
  expect(state.losses).toEqual([{ seq: 2, pcpu: 0, count: 5 }]);
});

test('what is learnt after a loss is checked again', async () => {
  expect((await stateOf(alloc, lost(0), get(7), get(9))).divergences).toMatchObject([{ seq: 3, expected: 8, seen: 9 }]);
});

test('a generation goes on counting', async () => {
  const { pages } = await stateOf(alloc, lost(0), alloc);
  expect(pages).toMatchObject([{ generation: 2, count: 1n }]);
});

test('every mechanism is unknown after a loss', async () => {
  const state = await stateOf(
    { kind: 'm2p_set', mfn: MFN, gfn: 0x10 },
    { kind: 'view_create', domid: 1, view: 'altp2m:1' },
    { kind: 'remap', domid: 1, view: 'altp2m:1', gfn: 0x20, new_gfn: 0x10 },
    { kind: 'pod_cache_add', domid: 1, mfn: 0x200, order: 0, count: 1, entry_count: 5 },
    { kind: 'page_nominate', domid: 1, gfn: 0x11, mfn: 0x201 },
    { kind: 'share_nominate', domid: 1, gfn: 0x12, mfn: 0x202 },
    { kind: 'grant_map', domid: 2, owner: 1, handle: 1 },
    { kind: 'foreign_map', domid: 0, gfn: 0x13, mfn: 0x203, owner: 1 },
    { kind: 'tlb_flush_deferred', domid: 1 },
    { kind: 'phys_to_machine_set', domid: 0, gfn: 1, mfn: 0x300 },
    { kind: 'm2p_override_add', domid: 0, gfn: 2, mfn: 0x301 },
    lost(),
  );
  const { p2m, m2p, views, paging, sharing, grants, tlb, linux } = state;
  expect({ p2m, m2p, views, paging, sharing, grants, tlb, linux }).toEqual({
    p2m: [],
    m2p: [],
    views: [],
    paging: [],
    sharing: [],
    grants: [],
    tlb: [],
    linux: [],
  });
  expect(state.pod).toMatchObject([{ count: null, entry_count: null, cached: 0 }]);
});

test('other pcpus keep their locks and their vcpus; the lossy one has unknown ones', async () => {
  const on = (pcpu: number) => [
    { kind: 'sched_switch', pcpu, domid: 1, vcpu: pcpu, runstate: 0 },
    { kind: 'lock_acquire', pcpu, lock: 0x1000 + pcpu, mode: 'write', level: 16 },
    { ...lookup(0x10, MFN), pcpu, flags: ['locked'] },
  ];
  const { contexts, locks } = await stateOf(...on(0), ...on(1), lost(0));
  expect(contexts).toMatchObject([{ pcpu: 1, vcpu: 1, translations: [] }]);
  expect(locks.map(({ pcpu }) => pcpu)).toEqual([1]);
  // Without a pcpu it may have been any of them.
  const none = await stateOf(...on(0), ...on(1), lost());
  expect([none.contexts, none.locks]).toEqual([[], []]);
});

test('a lock that the lossy pcpu held may be free: its next depth is no divergence', async () => {
  const take = (pcpu: number, depth: number) => ({
    kind: 'lock_acquire',
    pcpu,
    lock: 0x1000,
    mode: 'write',
    level: 16,
    depth,
  });
  const { divergences, locks } = await stateOf(take(0, 1), take(0, 2), lost(0), take(1, 1));
  expect([divergences, locks.length]).toEqual([[], 1]);
});
