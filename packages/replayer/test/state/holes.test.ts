import { P2M_TYPES } from '@p2mtrace/trace-format';
import { expect, test } from 'vitest';
import { isHole } from '../../src/state/holes.js';
import { entry, hostOf, stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const lookup = (gfn: number, p2m_type: string, more: object = {}) => ({
  kind: 'lookup',
  domid: 1,
  gfn,
  p2m_type,
  ...more,
});
/** INVALID_MFN in the 40 bits that an entry of p2m-pt has for a frame. */
const IN_ENTRY = '0xffffffffff';

test('a hole is one state, whatever it is called', async () => {
  const state = await stateOf(
    entry(0x10, 0x100),
    entry(0x10, null, 'invalid'),
    lookup(0x10, 'mmio_dm'),
    lookup(0x10, 'invalid'),
    lookup(0x11, 'mmio_dm'),
    entry(0x11, null, 'invalid'),
    lookup(0x11, 'mmio_dm', { mfn: IN_ENTRY }),
  );
  expect(state.divergences).toEqual([]);
  expect(hostOf(state)).toEqual({ 16: [null, 'invalid'], 17: [null, 'invalid'] });
});

test('what else has no frame is no hole', async () => {
  for (const type of ['populate_on_demand', 'ram_paged', 'ram_paging_in', 'mmio_direct']) {
    const state = await stateOf(entry(0x10, null, type), lookup(0x10, 'mmio_dm'));
    expect(state.divergences, type).toMatchObject([{ seq: 1, about: 'lookup', gfn: 0x10 }]);
  }
  const mapped = await stateOf(entry(0x10, null, 'invalid'), lookup(0x10, 'mmio_dm', { mfn: 0x100 }));
  expect(mapped.divergences).toMatchObject([{ seq: 1, about: 'lookup', seen: 0x100 }]);
});

test('a frame where 40 bits are set is none', async () => {
  const state = await stateOf(entry(0x10, null, 'ram_paging_in', { mfn: IN_ENTRY }), lookup(0x10, 'ram_paging_in'));
  expect([hostOf(state), state.divergences]).toEqual([{ 16: [null, 'ram_paging_in'] }, []]);
});

test('a write that failed is none, whatever the event says that tells of it', async () => {
  const evict = { kind: 'page_evict', domid: 1, gfn: 0x10, mfn: 0x100 };
  const failed = entry(0x10, null, 'ram_paged', { flags: ['failed'] });
  const out = entry(0x10, 0x100, 'ram_paging_out');
  expect(hostOf(await stateOf(out, failed, evict))).toEqual({ 16: [0x100, 'ram_paging_out'] });
  // Without a word on the write, or after another one, the event stands for it.
  expect(hostOf(await stateOf(out, evict))).toEqual({ 16: [null, 'ram_paged'] });
  expect(hostOf(await stateOf(out, failed, out, evict))).toEqual({ 16: [null, 'ram_paged'] });
});

test('a p2m that is being torn down has holes that nobody wrote', async () => {
  const free = { kind: 'page_free', mfn: 0x100, order: 0, owner: 1 };
  const entries = [entry(0x10, 0x100), entry(0x11, null, 'ram_paged')];
  expect((await stateOf(...entries, free, lookup(0x11, 'mmio_dm'))).divergences).toEqual([]);
  // Of a domain whose entries are written the p2m is there; and without a page that was freed while mapped, too.
  const living = await stateOf(...entries, free, entry(0x12, 0x102), lookup(0x11, 'mmio_dm'));
  expect(living.divergences).toMatchObject([{ seq: 4, about: 'lookup' }]);
  expect((await stateOf(...entries, lookup(0x11, 'mmio_dm'))).divergences).toMatchObject([{ seq: 2 }]);
  const other = { kind: 'page_free', mfn: 0x200, order: 0, owner: 1 };
  expect((await stateOf(...entries, other, lookup(0x11, 'mmio_dm'))).divergences).toMatchObject([{ seq: 3 }]);
  // It shows a hole, not another entry.
  expect((await stateOf(...entries, free, lookup(0x11, 'ram_rw', { mfn: 0x300 }))).divergences).toHaveLength(1);
});

test('holes by type and frame', () => {
  const holes = P2M_TYPES.filter((_, type) => isHole(type, -1));
  expect(holes.sort()).toEqual(['invalid', 'mmio_dm']);
  expect(P2M_TYPES.some((_, type) => isHole(type, 0x100))).toBe(false);
});
