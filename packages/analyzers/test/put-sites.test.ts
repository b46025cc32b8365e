import { describe, expect, test } from 'vitest';
import { analyzeTrace } from '../src/index.js';
import { traceMaker } from './support/trace-of.js';

const traceOf = traceMaker();
const subjectsOf = async (rule: string, events: readonly object[]) => {
  const { findings } = await analyzeTrace(await traceOf(events), { only: [rule] });
  return findings.flatMap(({ occurrences }) => occurrences.map(({ subject }) => subject));
};

const alloc = (mfn: number) => ({ kind: 'page_alloc', pcpu: 0, mfn, order: 0, owner: 1 });
const get = (mfn: number, symbol: string) => ({ kind: 'get_page', pcpu: 0, mfn, owner: 1, symbol });
const put = (mfn: number, symbol: string) => ({ kind: 'put_page', pcpu: 0, mfn, owner: 1, symbol });
const drop = (mfn: number, symbol: string) => ({ kind: 'alloc_ref_drop', pcpu: 0, mfn, owner: 1, symbol });
const map = (gfn: number, mfn: number) => ({
  ...{ kind: 'set_entry', pcpu: 0, domid: 1, gfn, mfn, order: 0, p2m_type: 'ram_rw' },
});
const unmap = (gfn: number) => ({ kind: 'set_entry', pcpu: 0, domid: 1, gfn, order: 0, p2m_type: 'invalid' });

describe('a leak says where others of its kind are put', () => {
  /** A page's reference of one function, put by another one or not, and the page's end. */
  const page = (mfn: number, taker: string, putter?: string) => [
    ...[alloc(mfn), get(mfn, taker)],
    ...(putter === undefined ? [] : [put(mfn, putter)]),
    drop(mfn, 'relinquish_memory'),
  ];
  const destroyed = { kind: 'domain_destroy', pcpu: 0, domid: 1 };

  test('most of them, whatever else is put elsewhere', async () => {
    const events = [
      ...page(1, 'acquire_grant', 'unmap_common_complete'),
      ...page(2, 'acquire_grant', 'undo'),
      ...page(3, 'acquire_grant', 'unmap_common_complete'),
      // Of another function, which is more often seen.
      ...[4, 5, 6].flatMap(mfn => page(mfn, 'guest_remove_page', 'guest_remove_page')),
      ...page(7, 'acquire_grant'),
      destroyed,
    ];
    const subjects = await subjectsOf('refcount.leak', events);
    expect(subjects.map(({ mfn, others_put_at }) => [Number(mfn), others_put_at])).toEqual([
      [7, 'unmap_common_complete'],
    ]);
  });

  test('nothing where there are none', async () => {
    const subjects = await subjectsOf('refcount.leak', [...page(7, 'acquire_grant'), destroyed]);
    expect(subjects.map(({ others_put_at }) => others_put_at ?? null)).toEqual([null]);
  });
});

test('an orphan says who put it last, after it was unmapped', async () => {
  const events = [
    ...[alloc(7), map(0x10, 7), get(7, 'earlier'), put(7, 'earlier')],
    ...[get(7, 'guest_remove_page'), unmap(0x10), put(7, 'guest_remove_page')],
    ...[alloc(8), map(0x12, 8), get(8, 'later'), put(8, 'later')],
  ];
  const subjects = await subjectsOf('refcount.orphaned', events);
  expect(subjects.map(({ mfn, last_put_at }) => [Number(mfn), last_put_at])).toEqual([[7, 'guest_remove_page']]);
  // Unmapped without a reference: what was put before tells nothing.
  const without = events.filter(event => !('symbol' in event && event.symbol === 'guest_remove_page'));
  expect((await subjectsOf('refcount.orphaned', without)).map(({ last_put_at }) => last_put_at ?? null)).toEqual([
    null,
  ]);
});

test('a page that was freed while it was mapped says who put it last', async () => {
  const events = [
    ...[alloc(7), map(0x10, 7), get(7, 'guest_remove_page'), drop(7, 'guest_remove_page'), put(7, 'guest_remove_page')],
    { kind: 'page_free', pcpu: 0, mfn: 7, order: 0, owner: 1 },
    // The frame's next life is another matter.
    ...[alloc(7), map(0x11, 7), get(7, 'later'), put(7, 'later')],
  ];
  const subjects = await subjectsOf('use-after-unmap.freed-while-mapped', events);
  expect(subjects.map(({ gfn, last_put_at }) => [Number(gfn), last_put_at])).toEqual([[0x10, 'guest_remove_page']]);
});

describe('nobody is named for what others did', () => {
  test('a leak, where no function puts more than half of them', async () => {
    const page = (mfn: number, putter?: string) => [
      ...[alloc(mfn), get(mfn, 'acquire_grant'), { ...put(mfn, ''), symbol: putter }],
      drop(mfn, 'relinquish_memory'),
    ];
    const others = (...putters: (string | undefined)[]) => [
      ...putters.flatMap((putter, i) => page(10 + i, putter)),
      ...[alloc(7), get(7, 'acquire_grant'), drop(7, 'relinquish_memory')],
      { kind: 'domain_destroy', pcpu: 0, domid: 1 },
    ];
    const named = async (...putters: (string | undefined)[]) =>
      (await subjectsOf('refcount.leak', others(...putters))).map(({ others_put_at }) => others_put_at ?? null);
    expect(await named('a', 'b')).toEqual([null]);
    expect(await named('a', 'a', 'b')).toEqual(['a']);
    // Of these two nobody knows where they were put.
    expect(await named('a', 'a', undefined, undefined)).toEqual([null]);
    expect(await named('a', 'a', 'a', undefined)).toEqual(['a']);
  });

  test('an orphan whose last put names nobody, or came after all was over', async () => {
    const last = (...after: object[]) => [
      ...[alloc(7), map(0x10, 7), get(7, 'innocent'), get(7, 'guest_remove_page'), unmap(0x10)],
      ...[put(7, 'innocent'), { ...put(7, ''), symbol: undefined }, alloc(8), map(0x12, 8), get(8, 'x'), put(8, 'x')],
      ...after,
    ];
    const named = async (events: readonly object[]) =>
      (await subjectsOf('refcount.orphaned', events)).map(({ last_put_at }) => last_put_at ?? null);
    expect(await named(last())).toEqual([null]);
    const dying = { kind: 'domain_dying', pcpu: 0, domid: 1 };
    const named7 = last().map(event =>
      'symbol' in event && event.symbol === undefined ? put(7, 'guest_remove_page') : event,
    );
    expect(await named([...named7, dying, get(7, 'later'), put(7, 'later')])).toEqual(['guest_remove_page']);
  });
});
