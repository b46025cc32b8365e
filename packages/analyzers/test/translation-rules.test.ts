import { describe, expect, test } from 'vitest';
import { analyzeTrace } from '../src/index.js';
import { finder } from './support/found.js';
import { traceMaker } from './support/trace-of.js';

const find = finder('use-after-unmap');
const makeTrace = traceMaker();

const POLICY = 'use-after-unmap.changed-while-referenced';
const alloc = { kind: 'page_alloc', pcpu: 1, mfn: 7, order: 0, owner: 1 };
const free = { kind: 'page_free', pcpu: 1, mfn: 7, order: 0, owner: 1 };
const set = (rest: object = {}) => {
  return { kind: 'set_entry', pcpu: 1, domid: 1, gfn: 3, order: 0, p2m_type: 'ram_rw', mfn: 7, ...rest };
};
const unset = { kind: 'set_entry', pcpu: 1, domid: 1, gfn: 3, order: 0, p2m_type: 'invalid' };
const lookup = { kind: 'lookup', pcpu: 0, domid: 1, gfn: 3, mfn: 7, order: 0, p2m_type: 'ram_rw' };
const get = (pcpu = 0) => ({ kind: 'get_page', pcpu, mfn: 7 });
const put = (pcpu = 0) => ({ kind: 'put_page', pcpu, mfn: 7 });
const lockAcquire = { kind: 'lock_acquire', pcpu: 1, lock: '0x3', lock_class: 'heap', mode: 'mutex' };
const use = (flag: string, pcpu = 0) => ({ kind: 'page_use', pcpu, mfn: 7, domid: 1, flags: [flag] });

describe('uses', () => {
  test('an unmap is none', async () => {
    expect(await find([alloc, set(), lookup, unset, use('unmap')])).toEqual([]);
    expect(await find([alloc, set(), lookup, unset, use('write')])).toEqual([
      'stale-translation proven error lookup:2 unprotected:2 changed:3 used:4',
    ]);
    expect(await find([alloc, free, use('unmap')])).toEqual([]);
  });

  test('a second reference, after the lookup had its own and dropped it, is for another reason', async () => {
    expect(await find([alloc, set(), lookup, unset, get()])).toEqual([
      'late-reference proven error lookup:2 unprotected:2 changed:3 used:4',
    ]);
    expect(await find([alloc, set(), lookup, get(), put(), unset, get(), lockAcquire])).toEqual([
      'unprotected-window possible note lookup:2 unprotected:2 used:3',
    ]);
  });

  test('each lookup is told once to be unprotected, where locks are recorded', async () => {
    expect(await find([alloc, set(), lookup, use('read'), use('write')])).toEqual([]);
    expect(await find([alloc, set(), lookup, use('read'), use('write'), lockAcquire])).toEqual([
      'unprotected-window possible note lookup:2 unprotected:2 used:3',
    ]);
  });
});

describe('unmapped-use', () => {
  const through = { ...use('write'), gfn: 3 };
  const of = async (events: object[]) => (await find(events)).filter(text => text.startsWith('unmapped-use'));

  test('is as sure as the references are known', async () => {
    const counted = { ...alloc, count_info: '0x8000000000000001' };
    const moved = [set(), unset];
    expect(await of([counted, ...moved, through])).toEqual(['unmapped-use likely warning changed:2 used:3']);
    expect(await of([counted, get(), put(), ...moved, through])).toEqual([
      'unmapped-use proven error changed:4 used:5',
    ]);
    expect(await of([counted, get(2), ...moved, through])).toEqual(['unmapped-use possible note changed:3 used:4']);
    expect(await of([counted, get(0), ...moved, through])).toEqual([]);
    // Who holds the p2m's lock may have changed the entry himself.
    const held = { ...lockAcquire, pcpu: 0, lock_class: 'p2m', level: 16 };
    expect(await of([counted, get(), put(), ...moved, held, through])).toEqual([
      'unmapped-use possible note changed:4 used:6',
    ]);
  });

  test('a use that names no gfn is not judged, nor one whose lookup was recorded', async () => {
    const notChecked = async (events: object[]) =>
      (await analyzeTrace(await makeTrace(events))).notChecked.filter(({ rule }) => rule.endsWith('unmapped-use'));
    expect(await notChecked([alloc, set(), unset, use('write')])).toEqual([
      {
        rule: 'use-after-unmap.unmapped-use',
        reason: 'no page_use with a gfn whose entry is known in this trace',
      },
    ]);
    expect(await notChecked([alloc, set(), unset, through])).toEqual([]);
    expect(await of([alloc, set(), lookup, unset, through])).toEqual([]);
  });
});

describe('use-after-free', () => {
  test('whoever has a reference on the page as it is now, or allocated it, knows it', async () => {
    const again = { ...alloc, owner: 2 };
    const stale = [set(), lookup, unset, free];
    const isThere = (found: string[]) => found.some(text => text.startsWith('use-after-free'));
    expect(isThere(await find([alloc, ...stale, again, use('write')]))).toBe(true);
    expect(isThere(await find([alloc, ...stale, again, get(), use('write')]))).toBe(false);
    expect(isThere(await find([alloc, ...stale, { ...again, pcpu: 0 }, use('write')]))).toBe(false);
  });

  test('a control domain whose allocations are not recorded has no free pages', async () => {
    expect(await find([alloc, free, set({ domid: 0 })])).toEqual([]);
    const own = { ...alloc, mfn: 9, owner: 0 };
    expect(await find([own, alloc, free, set({ domid: 0 })])).toEqual(['use-after-free proven error freed:2 used:3']);
  });
});

describe('given-while-mapped', () => {
  const give = (owner: number) => ({ kind: 'owner_set', mfn: 7, owner, old_owner: 1 });

  test('an allocation for another domain gives it away too; a foreign entry and sharing do not', async () => {
    const given = (await find([alloc, set(), free, { ...alloc, owner: 2 }, lookup])).filter(text =>
      /^given/.test(text),
    );
    expect(given).toEqual(['given-while-mapped proven error mapped:1 given:3 p2m_used_later:4']);
    expect(await find([alloc, set(), give(0x7ff3), lookup])).toEqual([]);
    expect(
      await find([alloc, set({ domid: 3, p2m_type: 'map_foreign' }), give(2), { ...lookup, gfn: 8, mfn: 9 }]),
    ).toEqual([]);
  });
});

describe('freed-before-flush', () => {
  const deferred = { kind: 'tlb_flush_deferred', domid: 1 };
  const flush = { kind: 'tlb_flush', domid: 1 };

  test('an entry that is put back need not be flushed; part of a superpage must', async () => {
    expect(await find([alloc, set(), unset, deferred, set(), free, flush])).toEqual([]);
    const large = { gfn: 0, mfn: 512, order: 9 };
    expect(await find([set(large), deferred, { ...unset, gfn: 3 }, { ...free, mfn: 515 }])).toEqual([
      'freed-before-flush likely warning deferred:1 removed:2 freed:3',
    ]);
    expect(await find([set(large), deferred, { ...unset, gfn: 3 }, { ...free, mfn: 516 }])).toEqual([]);
  });
});

describe('changed-while-referenced', () => {
  const events = [alloc, set(), get(0), unset, put(0)];
  const changed = 'changed-while-referenced possible note referenced:2 changed:3';

  test('runs only when it is named itself, alone or besides others', async () => {
    expect(await find(events)).toEqual([]);
    expect(await find(events, { only: [] })).toEqual([]);
    expect(await find(events, { only: [POLICY] })).toEqual([changed]);
    expect(await find(events, { only: ['lock-order'], policies: [POLICY] })).toEqual([changed]);
  });

  test('the changing pcpu may hold references, and each frame of a superpage counts', async () => {
    const only = { only: [POLICY] };
    expect(await find([alloc, set(), get(1), unset], only)).toEqual([]);
    expect(await find([alloc, set(), get(1), get(0), unset], only)).toEqual([
      'changed-while-referenced possible note referenced:3 changed:4',
    ]);
    expect(
      await find([alloc, set({ gfn: 0, mfn: 0, order: 9 }), get(0), { ...unset, gfn: 0, order: 9 }], only),
    ).toEqual([changed]);
  });

  test('a write of what is there, or of another log-dirty type, is no change', async () => {
    const only = { only: [POLICY] };
    expect(await find([alloc, set(), get(0), set(), set({ p2m_type: 'ram_logdirty' })], only)).toEqual([]);
    expect(await find([alloc, set(), get(0), set({ p2m_type: 'ram_ro' })], only)).toEqual([
      'changed-while-referenced possible note referenced:2 changed:3',
    ]);
  });
});
