import { expect, test } from 'vitest';
import { stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const deferred = (domid: number, view?: string) => ({ kind: 'tlb_flush_deferred', domid, view });
const flush = (domid: number, view?: string) => ({ kind: 'tlb_flush', domid, view });

test('a flush is due since the first time that it was put off', async () => {
  const { tlb } = await stateOf(deferred(1), deferred(1), deferred(2));
  expect(tlb).toEqual([
    { domid: 1, view: 'host', deferred_since: 0 },
    { domid: 2, view: 'host', deferred_since: 2 },
  ]);
});

test('a flush is of its own p2m, and the next one is due anew', async () => {
  const { tlb } = await stateOf(deferred(1), deferred(1, 'altp2m:1'), flush(1), deferred(2), flush(2), deferred(2));
  expect(tlb).toEqual([
    { domid: 1, view: 'altp2m:1', deferred_since: 1 },
    { domid: 2, view: 'host', deferred_since: 5 },
  ]);
});

test('a flush that nobody put off is no news', async () => {
  expect((await stateOf(flush(1))).tlb).toEqual([]);
});
