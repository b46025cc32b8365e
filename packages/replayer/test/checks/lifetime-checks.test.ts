import { describe, expect, test } from 'vitest';
import { breachesOf, breachGfns } from '../support/breaches-of.js';
import { traceMaker } from '../support/trace-of.js';

// What samples/corpus has is not repeated here.
const makeTrace = traceMaker();
const found = async (...events: object[]) => breachesOf(await makeTrace(events));

const set = (gfn: number, mfn: number | undefined, more: object = {}) => ({
  kind: 'set_entry',
  pcpu: 0,
  domid: 1,
  gfn,
  ...(mfn === undefined ? { p2m_type: 'invalid' } : { mfn, p2m_type: 'ram_rw' }),
  order: 0,
  ...more,
});
const page = (kind: string, mfn: number, more: object = {}) => ({ kind, pcpu: 0, mfn, order: 0, owner: 1, ...more });
const lookup = (gfn: number) => ({ kind: 'lookup', pcpu: 1, domid: 1, gfn, mfn: 0x900 });
/** It finds nothing. */
const hole = { kind: 'lookup', pcpu: 1, domid: 1, gfn: 9, p2m_type: 'mmio_dm' };

describe('freed-while-mapped', () => {
  const mapped = set(0x500, 0x100);
  const freed = page('page_free', 0x100);

  test('proven by any later use of that p2m, and by none of another', async () => {
    expect(await found(mapped, freed, lookup(9))).toEqual(['proven freed-while-mapped own at 0, 1, 2']);
    expect(await found(mapped, freed, set(9, 0x300))).toEqual(['proven freed-while-mapped own at 0, 1, 2']);
    expect(await found(mapped, freed)).toEqual([]);
    expect(await found(mapped, freed, set(9, 0x300, { domid: 2 }))).toEqual([]);
    expect(await found(mapped, lookup(9), freed)).toEqual([]);
    expect(await found(mapped, freed, hole)).toEqual([]);
  });

  test('the frame of another domain', async () => {
    const foreign = page('page_free', 0x100, { owner: 7 });
    expect(await found(mapped, foreign, lookup(9))).toEqual(['proven freed-while-mapped foreign at 0, 1, 2']);
  });

  test('each frame of an order that is freed at once', async () => {
    const large = page('page_free', 0x100, { order: 1 });
    expect(await found(mapped, set(6, 0x101), large, lookup(9))).toEqual([
      'proven freed-while-mapped own at 0, 2, 3',
      'proven freed-while-mapped own at 1, 2, 3',
    ]);
  });

  /** All 64 pages of a domain, mapped and then freed; the next to write an entry has the same id. */
  const entries = Array.from({ length: 64 }, (_, i) => set(i, 0x1000 + i));
  const frees = entries.map((_, i) => page('page_free', 0x1000 + i));

  test('not of a domain that goes as a whole, where another one gets its id', async () => {
    expect(await found(...entries, ...frees, set(0, 0x2000))).toEqual([]);
    expect(await found(...entries.slice(1), ...frees.slice(1), set(0, 0x2000))).toHaveLength(63);
  });

  test('of one that has a page left, which is its own still', async () => {
    const left = page('page_alloc', 0x3000);
    expect(await found(left, ...entries, ...frees, set(0, 0x2000))).toHaveLength(64);
    expect(await found(...entries, ...frees, left, set(0, 0x2000))).toEqual([]);
  });

  test('proven where a vcpu of the domain runs, however the domain ends', async () => {
    const [all, rest] = [[mapped, ...entries], frees];
    const likely = ['likely freed-while-mapped own at 0, 65, 66'];
    const proven = ['proven freed-while-mapped own at 0, 65, 66'];
    expect(await found(...all, freed, lookup(9), ...rest)).toEqual(likely);
    const npf = { kind: 'npf', pcpu: 1, domid: 1, gfn: 0x900 };
    expect(await found(...all, freed, npf, ...rest)).toEqual(proven);
    const populated = { kind: 'pod_populate', pcpu: 1, domid: 1, gfn: 0x900, mfn: 0x900, order: 0 };
    expect(await found(...all, freed, populated, ...rest)).toEqual(proven);
    // Whose hypercall it is is known only where it is known who runs.
    const back = { kind: 'decrease_reservation', pcpu: 1, domid: 1, gfn: 0x900, order: 0 };
    expect(await found(...all, freed, back, ...rest)).toEqual(likely);
    const runs = (domid: number) => ({ kind: 'sched_switch', pcpu: 1, domid, vcpu: 0, runstate: 0 });
    const late = (text: string) => text.replace('65, 66', '66, 67');
    expect(await found(runs(0), ...all, freed, back, ...rest)).toEqual([late(likely[0]).replace('0,', '1,')]);
    expect(await found(runs(1), ...all, freed, back, ...rest)).toEqual([late(proven[0]).replace('0,', '1,')]);
  });

  test('not across a loss, nor after the domain was destroyed', async () => {
    const lost = { kind: 'lost', pcpu: 1, count: 3 };
    expect(await found(mapped, freed, lost, lookup(9))).toEqual([]);
    expect(await found(mapped, { kind: 'domain_destroy', domid: 1 }, freed, lookup(9))).toEqual([]);
  });
});

describe('orphaned', () => {
  const lost = [page('page_alloc', 0x100), set(0x10, 0x100), set(0x10, undefined), set(0x12, 0x101)];
  const dying = { kind: 'domain_dying', domid: 1 };
  // relinquish_memory() finds what nothing maps, too.
  const relinquished = [{ kind: 'alloc_ref_drop', pcpu: 0, mfn: 0x100, owner: 1 }, page('page_free', 0x100)];

  test('is judged when the domain begins to die, once', async () => {
    expect(await found(...lost, dying, ...relinquished)).toEqual(['likely orphaned at 2, 3']);
    expect(await found(...lost, dying, dying, ...relinquished)).toEqual(['likely orphaned at 2, 3']);
    expect(await found(...lost, dying)).toEqual(['likely orphaned at 2, 3']);
    expect(await found(...lost, ...relinquished, dying)).toEqual([]);
    expect(await found(...lost, { ...dying, domid: 2 }, ...relinquished)).toEqual([]);
  });
});

describe('partial-reference', () => {
  test('a put of the type may clear PGT_partial right before its reference goes', async () => {
    const ref = (kind: string, more: object = {}) => ({ kind, pcpu: 0, mfn: 0x100, owner: 1, ...more });
    const refused = [
      page('page_alloc', 0x100),
      ref('get_page'),
      ref('get_page', { flags: ['light'] }),
      { kind: 'get_type', pcpu: 0, mfn: 0x100, type_info: '0x4100000000000001', rc: -22 },
    ];
    const put = { kind: 'put_type', pcpu: 0, mfn: 0x100, type_info: '0x4000000000000000' };
    const elsewhere = { kind: 'get_page', pcpu: 0, mfn: 0x200, owner: 1 };
    expect(await found(...refused, put, ref('put_page'))).toEqual([]);
    expect(await found(...refused, put, { ...elsewhere, pcpu: 1 }, ref('put_page'))).toEqual([]);
    expect(await found(...refused, ref('put_page'), put)).toEqual([]);
    expect(await found(...refused, put, elsewhere)).toEqual(['proven partial-reference at 3, 4']);
    expect(await found(...refused, put, ref('get_page'))).toEqual(['proven partial-reference at 3, 4']);
  });
});

describe('freed-with-type', () => {
  test('not where a preempted put of the type left PGT_partial to relinquish_memory', async () => {
    const ref = (kind: string, more: object = {}) => ({ kind, pcpu: 0, mfn: 0x100, owner: 1, ...more });
    // An l4 table, validated and pinned.
    const table = [page('page_alloc', 0x100), ref('get_page')];
    const pinned = { kind: 'get_type', pcpu: 0, mfn: 0x100, type_info: '0x8c00000000000001' };
    const [get, put] = [ref('get_page'), ref('put_page')];
    const light = ref('get_page', { flags: ['light'] });
    const rest = [get, ref('alloc_ref_drop'), put];
    const preempted = [get, light, put, put, ...rest, put];
    expect(await found(...table, pinned, ...preempted, page('page_free', 0x100))).toEqual([]);
    // Without it, the type's own reference is dropped, and the type is not.
    expect(await found(...table, pinned, get, put, put, ...rest, page('page_free', 0x100))).toEqual([
      'proven type-without-general at 2, 8',
      'proven freed-with-type freed at 2, 9',
    ]);
  });
});

describe('leak', () => {
  const taken = { kind: 'get_page', pcpu: 0, mfn: 0x100, owner: 1 };
  const dropped = { kind: 'alloc_ref_drop', pcpu: 0, mfn: 0x100, owner: 1 };

  test('a row for each reference that is held, told by whom', async () => {
    const [trace, put] = [[page('page_alloc', 0x100), taken, taken, dropped], { ...taken, kind: 'put_page' }];
    expect(await found(...trace)).toEqual(['possible leak alive at 2, 3', 'possible leak alive at 1, 3']);
    expect(await found(...trace, put)).toEqual(['possible leak alive at 1, 3']);
    expect(await found(...trace, put, put)).toEqual([]);
    expect(await found(...trace.slice(0, 3))).toEqual([]);
  });

  test('proven where the domain is gone', async () => {
    const trace = [page('page_alloc', 0x100), taken, dropped, { kind: 'domain_destroy', domid: 1 }];
    expect(await found(...trace)).toEqual(['proven leak torn-down at 1, 2']);
    // Its p2m mapped a page that went, and nobody used it again for as long as a teardown may need for the rest.
    const tornDown = [page('page_alloc', 0x100), taken, set(9, 0x101), dropped, page('page_free', 0x101)];
    const timed = tornDown.map((event, i) => ({ ...event, tsc: 1000 + i }));
    const later = (ticks: number) => ({ kind: 'mark', pcpu: 0, tsc: 1003 + ticks });
    expect(await found(...timed, later(2 ** 22))).toEqual(['proven leak torn-down at 1, 3']);
    expect(await found(...timed, later(2 ** 22 - 1))).toEqual(['possible leak dying at 1, 3']);
    // When it was is not known, or a page is left, or what is known of one does not say that it is not.
    expect(await found(...tornDown)).toEqual(['possible leak dying at 1, 3']);
    const left = { ...page('page_alloc', 0x102), tsc: 1 };
    expect(await found(left, ...timed, later(2 ** 22))).toEqual(['possible leak dying at 2, 4']);
    const unknown = { kind: 'owner_set', pcpu: 0, mfn: 0x102, owner: 1, tsc: 1 };
    expect(await found(unknown, ...timed, later(2 ** 22))).toEqual(['possible leak dying at 2, 4']);
  });

  test('likely where the domain dies, and its end does not come', async () => {
    const created = { kind: 'domain_create', domid: 1, tsc: 900 };
    const dying = { kind: 'domain_dying', domid: 1, tsc: 990 };
    const tornDown = [page('page_alloc', 0x100), taken, set(9, 0x101), dropped, page('page_free', 0x101)];
    const timed = [created, dying, ...tornDown.map((event, i) => ({ ...event, tsc: 1000 + i }))];
    const later = (ticks: number) => ({ kind: 'mark', pcpu: 0, tsc: 1003 + ticks });
    expect(await found(...timed, later(2 ** 30))).toEqual(['likely leak zombie at 3, 5']);
    expect(await found(...timed, later(2 ** 30 - 1))).toEqual(['possible leak dying at 3, 5']);
    // It owns another page still.
    const left = { ...page('page_alloc', 0x102), tsc: 1 };
    expect(await found(created, left, ...timed.slice(1), later(2 ** 30))).toEqual(['possible leak dying at 4, 6']);
    expect(await found(...timed, { kind: 'domain_destroy', domid: 1, tsc: 1004 + 2 ** 30 })).toEqual([
      'proven leak torn-down at 3, 5',
    ]);
  });

  test('likely where the reference is older than the trace, and its domain gone', async () => {
    const old = { ...dropped, count_info: '0x1' };
    expect(await found(old)).toEqual(['possible leak alive at 0']);
    const destroyed = { kind: 'domain_destroy', pcpu: 0, domid: 1 };
    expect(await found(old, destroyed)).toEqual(['likely leak torn-down at 0']);
  });

  test('the gfn is where the domain had the frame last, in a superpage too, whoever else maps it', async () => {
    const gone = [page('page_alloc', 0x400, { order: 9 }), { ...taken, mfn: 0x410 }];
    const drop = { ...dropped, mfn: 0x410 };
    const large = [set(0x200, 0x400, { order: 9 }), set(0x200, undefined, { order: 9 })];
    const foreign = [set(0x77, 0x410, { domid: 2 }), set(0x77, undefined, { domid: 2 })];
    const gfnOf = async (...events: object[]) => breachGfns(await makeTrace(events), 'refcount.leak');
    expect(await gfnOf(...gone, ...large, drop)).toEqual([0x210]);
    expect(await gfnOf(...gone, ...large, ...foreign, drop)).toEqual([0x210]);
    expect(await gfnOf(...gone, ...large, set(5, 0x410), set(5, undefined), drop)).toEqual([5]);
    expect(await gfnOf(...gone, set(5, 0x410), drop)).toEqual([5]);
    expect(await gfnOf(...gone, ...foreign, drop)).toEqual([Number.NaN]);
  });
});
