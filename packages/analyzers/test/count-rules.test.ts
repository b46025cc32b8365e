import { describe, expect, test } from 'vitest';
import { finder } from './support/found.js';

const find = finder('refcount');

const alloc = (mfn = 7) => ({ kind: 'page_alloc', pcpu: 0, mfn, order: 0, owner: 1 });
const free = (mfn = 7) => ({ kind: 'page_free', pcpu: 0, mfn, order: 0, owner: 1 });
const get = (rest: object = {}) => ({ kind: 'get_page', pcpu: 0, mfn: 7, ...rest });
const put = (rest: object = {}) => ({ kind: 'put_page', pcpu: 0, mfn: 7, ...rest });
const drop = { kind: 'alloc_ref_drop', pcpu: 0, mfn: 7 };
const lost = { kind: 'lost', pcpu: 0, count: 1 };

describe('counts of 0', () => {
  test('are told whether the events have counts or not', async () => {
    expect(await find([alloc(), drop, put()])).toEqual(['underflow proven error put:2']);
    expect(await find([put({ count_info: '0x1ffffffffffffff' })])).toEqual(['underflow proven error put:0']);
    expect(await find([alloc(), drop, get(), put()])).toEqual(['get-on-free proven error get:2']);
  });

  test('are not known before the trace shows them, nor after loss', async () => {
    expect(await find([put(), put(), get()])).toEqual([]);
    expect(await find([alloc(), drop, lost, put()])).toEqual([]);
  });
});

describe('freed in use', () => {
  test('counts that nobody knows are no references', async () => {
    expect(await find([get(), free()])).toEqual([]);
    expect(await find([alloc(), get(), lost, free()])).toEqual([]);
  });

  test('a shared xenheap page keeps its type', async () => {
    const type = { kind: 'get_type', pcpu: 0, mfn: 7, type_info: '0xe400000000000001', rc: 0 };
    const owner = (count_info: string) => ({ kind: 'owner_set', mfn: 7, owner: 1, count_info });
    expect(await find([owner('0xc000000000000001'), type, free()])).toEqual([]);
    expect(await find([owner('0x8000000000000001'), type, free()])).toEqual([
      'freed-with-type proven error typed:1 freed:2',
    ]);
  });
});

describe('partial-reference', () => {
  const partial = { kind: 'get_type', pcpu: 0, mfn: 7, type_info: '0x4100000000000001', rc: -85 };

  test('what the pcpu did before the trace, or before others came in between, is not judged', async () => {
    expect(await find([alloc(), partial])).toEqual([]);
    const others = Array.from({ length: 8 }, (_, i) => get({ mfn: 100 + i }));
    expect(await find([alloc(), get(), ...others, partial])).toEqual([]);
    expect(await find([alloc(), get(), ...others.slice(1), partial])).toEqual([
      'partial-reference proven error partial_set:9',
    ]);
  });

  test('another pcpu in between does not matter', async () => {
    expect(await find([alloc(), get({ flags: ['light'] }), get({ pcpu: 1 }), partial])).toEqual([]);
  });
});

describe('counters of a chosen width', () => {
  const only = { only: ['refcount.overflow'] };
  const gets = (times: number, mfn = 7) => Array.from({ length: times }, () => get({ mfn }));

  test('3 bits: get_page refuses from 6 on, and 8 would be 0 again', async () => {
    expect(await find([alloc(), ...gets(8)], { ...only, counterWidth: 3 })).toEqual([
      'overflow proven error reached:5',
      'overflow proven error wrapped:7',
    ]);
    expect(await find([alloc(), ...gets(8)], only)).toEqual([]);
  });

  test('pages that stay below have their headroom told, the least first', async () => {
    const events = [alloc(7), alloc(8), ...gets(2, 7), ...gets(3, 8), put({ mfn: 8 })];
    expect(await find(events, { ...only, counterWidth: 3 })).toEqual([
      'overflow proven note peak:3',
      'overflow proven note peak:6',
    ]);
  });
});
