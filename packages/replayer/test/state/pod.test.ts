import { expect, test } from 'vitest';
import { entry, hostOf, type StateRows, stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const POD = 'populate_on_demand';
/** As stock Xen records a write: what came of it no event tells, but what follows from it. */
const attempt = (gfn: number, mfn: number | null, type = 'ram_rw', order = 0) =>
  entry(gfn, mfn, type, { order, flags: ['attempt'] });
const marked = attempt(0x200, null, POD, 9);
const of = (kind: string, more: object = {}) => ({ kind, domid: 1, order: 0, ...more });
const podOf = ({ pod }: StateRows) => pod.find(({ domid }) => domid === 1);
const at = ({ p2m }: StateRows, gfn: number) => p2m.find(row => gfn >= row.gfn && gfn < row.gfn + 2 ** row.order);

test('a populate has the gfn that faulted and the frame that the chunk begins with (docs/xen.md#pod-record-frames)', async () => {
  const state = await stateOf(marked, of('pod_populate', { gfn: 0x2ab, mfn: 0x1000, order: 9 }));
  expect(state.p2m).toMatchObject([{ gfn: 0x200, order: 9, mfn: 0x1000, p2m_type: 'ram_rw', set_seq: 1 }]);
  expect(podOf(state)).toMatchObject({ populated: { 9: 1 }, count: null, entry_count: null });
});

test('a reclaim of 2M has the last frame, 511 behind the first (docs/xen.md#pod-record-frames)', async () => {
  const ram = attempt(0x200, 0x1000, 'ram_rw', 9);
  const state = await stateOf(ram, of('pod_zero_reclaim', { gfn: 0x200, mfn: 0x11ff, order: 9 }));
  expect(state.p2m).toMatchObject([{ gfn: 0x200, order: 9, mfn: null, p2m_type: POD, set_seq: 1 }]);
  expect(podOf(state)).toMatchObject({ cached: 512, reclaimed: { 9: 1 } });
  // The frames 0x1000 to 0x11ff are in the cache, so a populate of the first takes 512 out.
  const back = await stateOf(
    ram,
    of('pod_zero_reclaim', { gfn: 0x200, mfn: 0x11ff, order: 9 }),
    of('pod_populate', { gfn: 0x200, mfn: 0x1000, order: 9 }),
  );
  expect(podOf(back)).toMatchObject({ cached: 0 });
});

test('a reclaim of 4K has its frame; one whose first frame would be below 0 is impossible', async () => {
  const state = await stateOf(attempt(0x10, 0x100), of('pod_zero_reclaim', { gfn: 0x10, mfn: 0x100 }));
  expect([hostOf(state), podOf(state)?.cached]).toEqual([{ 16: [null, POD] }, 1]);
  const impossible = await stateOf(of('pod_zero_reclaim', { gfn: 0x200, mfn: 0x1fe, order: 9 }));
  expect([impossible.p2m, impossible.pod, impossible.outOfRange]).toEqual([[], [], 1]);
});

test('where the writes are recorded too there is one of each', async () => {
  const populated = await stateOf(
    entry(0x200, null, POD, { order: 9 }),
    entry(0x200, 0x1000, 'ram_rw', { order: 9 }),
    of('pod_populate', { gfn: 0x2ab, mfn: 0x1000, order: 9 }),
  );
  expect(populated.p2m).toMatchObject([{ set_seq: 1 }]);
  const reclaimed = await stateOf(
    entry(0x10, 0x100),
    entry(0x10, null, POD),
    of('pod_zero_reclaim', { gfn: 0x10, mfn: 0x100 }),
  );
  expect(reclaimed.p2m).toMatchObject([{ set_seq: 1 }]);
});

test('a splinter leaves 4K entries around the gfn that faulted, written when the whole was', async () => {
  const state = await stateOf(marked, of('pod_splinter', { gfn: 0x2ab, order: 9 }));
  expect(state.p2m).toHaveLength(512);
  expect(at(state, 0x2ab)).toMatchObject({ order: 0, mfn: null, p2m_type: POD, set_seq: 0 });
  expect(podOf(state)).toMatchObject({ splintered: { 9: 1 } });
  // What is no PoD entry does not splinter.
  const ram = await stateOf(attempt(0x200, 0x1000, 'ram_rw', 9), of('pod_splinter', { gfn: 0x2ab, order: 9 }));
  expect(ram.p2m).toHaveLength(1);
});

test('the cache: counts as recorded, each add and get checked', async () => {
  const add = (mfn: number, more: object) => of('pod_cache_add', { mfn, ...more });
  const state = await stateOf(
    add(0x1000, { order: 9, count: 512, entry_count: 1024 }),
    add(0x100, { count: 513, entry_count: 1024 }),
    of('pod_cache_get', { mfn: 0x100, count: 512, entry_count: 1024 }),
  );
  expect([podOf(state), state.divergences]).toMatchObject([{ count: 512, entry_count: 1024, cached: 512 }, []]);
  const wrong = await stateOf(add(0x1000, { order: 9, count: 512 }), add(0x100, { count: 514 }));
  expect(wrong.divergences).toMatchObject([{ seq: 1, about: 'pod_count', expected: 513, seen: 514, last_seq: 0 }]);
  expect(podOf(wrong)?.count).toBe(514);
});

test('entry_count falls with a populate, and rises with a reclaim when its page is in the cache', async () => {
  const start = of('pod_cache_add', { mfn: 0x800, count: 1, entry_count: 100 });
  const populate = of('pod_populate', { gfn: 0x10, mfn: 0x800 });
  expect(podOf(await stateOf(start, populate))?.entry_count).toBe(99);
  const reclaim = of('pod_zero_reclaim', { gfn: 0x11, mfn: 0x900 });
  expect(podOf(await stateOf(start, reclaim))?.entry_count).toBe(100);
  const added = of('pod_cache_add', { mfn: 0x900, count: 2, entry_count: 100 });
  expect(podOf(await stateOf(start, reclaim, added))?.entry_count).toBe(101);
});

test('a page that is freed is in no cache', async () => {
  const add = of('pod_cache_add', { mfn: 0x100, count: 1 });
  expect(podOf(await stateOf(add, { kind: 'page_free', mfn: 0x100, order: 0 }))).toMatchObject({ cached: 0, count: 1 });
});

test('where results are recorded a PoD record writes no entry: that of a failed write is as it was (XSA-247)', async () => {
  const reclaim = of('pod_zero_reclaim', { gfn: 0x10, mfn: 0x100 });
  const failed = entry(0x10, null, POD, { flags: ['failed'] });
  const reclaimed = await stateOf(entry(0x10, 0x100), failed, reclaim);
  expect([hostOf(reclaimed), podOf(reclaimed)]).toMatchObject([{ 16: [0x100, 'ram_rw'] }, { cached: 1 }]);
  const populate = of('pod_populate', { gfn: 0x10, mfn: 0x300 });
  const populated = await stateOf(
    entry(0x10, null, POD),
    entry(0x10, 0x300, 'ram_rw', { flags: ['failed'] }),
    populate,
  );
  expect([hostOf(populated), podOf(populated)]).toMatchObject([{ 16: [null, POD] }, { populated: { 0: 1 } }]);
  const whole = await stateOf(entry(0x200, null, POD, { order: 9 }), of('pod_splinter', { gfn: 0x2ab, order: 9 }));
  expect([whole.p2m.length, podOf(whole)]).toMatchObject([1, { splintered: { 9: 1 } }]);
});
