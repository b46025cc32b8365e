import { expect, test } from 'vitest';
import { entry, hostOf, stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const MFN = 0x100;
const count = (n: number) => `0x800000000000000${n}`;

test('a trace that starts in mid-life says nothing against what it finds', async () => {
  const state = await stateOf(
    { kind: 'put_page', mfn: MFN, count_info: count(4) },
    { kind: 'put_type', mfn: MFN, type_info: '0xe400000000000002' },
    { kind: 'lookup', domid: 1, gfn: 0x10, mfn: MFN, p2m_type: 'ram_rw' },
    { kind: 'lock_release', pcpu: 0, lock: 0x1000, mode: 'write', depth: 3 },
    { kind: 'put_gfn', pcpu: 0, domid: 1, gfn: 0x99 },
    { kind: 'unshare', domid: 1, gfn: 0x11, mfn: 0x101, rmap_count: 5 },
    { kind: 'grant_unmap', domid: 2, owner: 1, handle: 4 },
    { kind: 'foreign_unmap', domid: 0, gfn: 0x50, mfn: MFN, owner: 1 },
    { kind: 'pod_cache_get', domid: 1, mfn: 0x200, order: 0, count: 9, entry_count: 20 },
    { kind: 'm2p_override_remove', domid: 0, gfn: 1, mfn: 0x300, old_mfn: 0x301 },
    { kind: 'page_resume', domid: 1, gfn: 0x12, mfn: 0x102 },
    { kind: 'tlb_flush', domid: 1 },
  );
  expect([state.divergences, state.outOfRange]).toEqual([[], 0]);
  expect(state.pages).toMatchObject([{ mfn: MFN, state: 'unknown', count: 4n, type_count: 2n, generation: 0 }]);
  expect(hostOf(state)).toEqual({ 16: [MFN, 'ram_rw'], 18: [0x102, 'ram_rw'] });
  expect(state.pod).toMatchObject([{ count: 9, entry_count: 20 }]);
  expect(state.linux).toMatchObject([{ what: 'entry', pfn: 1, mfn: 0x301 }]);
});

test('the first recorded value fixes what was unknown, and what follows is checked', async () => {
  const get = (n: number) => ({ kind: 'get_page', mfn: MFN, count_info: count(n) });
  expect((await stateOf(get(5), get(6), get(8))).divergences).toMatchObject([{ seq: 2, expected: 7, seen: 8 }]);
  const lookup = (mfn: number) => ({ kind: 'lookup', domid: 1, gfn: 0x10, mfn, p2m_type: 'ram_rw' });
  const { divergences } = await stateOf(lookup(0x100), lookup(0x100), lookup(0x200));
  expect(divergences).toMatchObject([{ seq: 2, about: 'lookup', expected: 0x100, seen: 0x200 }]);
});

test('unknown is not zero: gets without a recorded count leave it unknown', async () => {
  const { pages } = await stateOf({ kind: 'get_page', mfn: MFN, owner: 1 }, { kind: 'put_page', mfn: MFN });
  expect(pages).toMatchObject([{ owner: 1, count: null, type: null, state: 'unknown' }]);
});

test('a snapshot ends what is unknown, table by table', async () => {
  const state = await stateOf(
    { kind: 'snapshot', domid: 1, gfn: 0x200, mfn: 0x1000, order: 9, p2m_type: 'ram_rw' },
    {
      kind: 'snapshot',
      mfn: MFN,
      owner: 1,
      count_info: count(2),
      type_info: '0xe400000000000001',
      generation: 3,
      flags: ['allocated'],
    },
    { kind: 'snapshot', pcpu: 1, lock: 0x1000, mode: 'write', level: 16, depth: 1 },
    { kind: 'snapshot_m2p', mfn: MFN, gfn: 0x10 },
    { kind: 'snapshot_rmap', mfn: 0x101, domid: 1, gfn: 0x11, rmap_count: 1 },
    { kind: 'snapshot_view', domid: 1, view: 'altp2m:1' },
    { kind: 'snapshot_remap', domid: 1, view: 'altp2m:1', gfn: 0x20, new_gfn: 0x10 },
    { kind: 'snapshot_pod', domid: 1, mfn: 0x2000, order: 9, count: 512, entry_count: 1024 },
    { kind: 'snapshot_paging', domid: 1, gfn: 0x30, p2m_type: 'ram_paged', evicted: 1 },
    { kind: 'snapshot_grant', domid: 2, owner: 1, mfn: MFN, handle: 4 },
    { kind: 'snapshot_foreign', domid: 0, gfn: 0x50, mfn: MFN, owner: 1 },
    { kind: 'snapshot_linux', domid: 0, gfn: 1, mfn: 0x300, flags: ['foreign'] },
    { kind: 'snapshot_override', domid: 0, gfn: 1, mfn: 0x300, old_mfn: 0x301 },
    { kind: 'snapshot_vcpu', pcpu: 1, domid: 1, vcpu: 2, view: 'altp2m:1' },
    { kind: 'snapshot_translation', pcpu: 1, domid: 1, gfn: 0x10, mfn: MFN },
    { kind: 'snapshot_tlb', domid: 1 },
  );
  expect(state.p2m).toMatchObject([{ gfn: 0x200, order: 9, mfn: 0x1000, set_seq: null }]);
  expect(state.pages).toMatchObject([{ owner: 1, state: 'allocated', count: 2n, type_count: 1n, generation: 3 }]);
  expect(state.locks).toMatchObject([{ pcpu: 1, mode: 'write', level: 16, depth: 1 }]);
  expect(state.m2p[0]).toMatchObject({ mfn: MFN, m2p: 0x10, m2p_seq: null });
  expect(state.sharing).toMatchObject([{ mfn: 0x101, domid: 1, gfn: 0x11, complete: true, since_seq: null }]);
  expect(state.views).toMatchObject([
    { what: 'view', complete: true, vcpus: [2] },
    { what: 'remap', gfn: 0x20, new_gfn: 0x10 },
  ]);
  expect(state.pod).toMatchObject([{ count: 512, entry_count: 1024, cached: 512 }]);
  expect(state.paging).toMatchObject([{ gfn: 0x30, p2m_type: 'ram_paged', evicted: true, last_seq: null }]);
  expect(state.grants).toMatchObject([
    { kind: 'grant', domid: 2, handle: 4, since_seq: null },
    { kind: 'foreign', domid: 0, gfn: 0x50, since_seq: null },
  ]);
  expect(state.linux).toMatchObject([
    { what: 'entry', pfn: 1, bits: ['foreign'], since_seq: null },
    { what: 'override', pfn: 1, old_mfn: 0x301, since_seq: null },
  ]);
  expect(state.contexts).toMatchObject([
    { pcpu: 1, domid: 1, vcpu: 2, view: 'altp2m:1', translations: [{ gfn: 0x10 }] },
  ]);
  expect(state.tlb).toEqual([{ domid: 1, view: 'host', deferred_since: null }]);
});

test('a snapshot checks nothing, and what follows is checked against it', async () => {
  const snapshot = { kind: 'snapshot', mfn: MFN, count_info: count(2) };
  const get = (n: number) => ({ kind: 'get_page', mfn: MFN, count_info: count(n) });
  expect((await stateOf(get(7), snapshot)).divergences).toEqual([]);
  expect((await stateOf(snapshot, get(3))).divergences).toEqual([]);
  expect((await stateOf(snapshot, get(4))).divergences).toMatchObject([{ seq: 1, expected: 3, seen: 4 }]);
  const shown = { kind: 'snapshot', domid: 1, gfn: 0x10, mfn: MFN, order: 0, p2m_type: 'ram_rw' };
  const lookup = { kind: 'lookup', domid: 1, gfn: 0x10, mfn: 0x200, p2m_type: 'ram_rw' };
  expect((await stateOf(entry(0x10, 0x300), shown)).divergences).toEqual([]);
  expect((await stateOf(shown, lookup)).divergences).toMatchObject([{ seq: 1, expected: MFN, seen: 0x200 }]);
});
