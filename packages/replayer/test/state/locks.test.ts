import { expect, test } from 'vitest';
import { factMaker } from '../support/facts-of.js';
import { type StateRows, stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const factsOf = factMaker();
const [P2M, ALTP2M, POD, GRANT] = ['0x1000', '0x2000', '0x3000', '0x4000'];
const LEVELS: Record<string, number | undefined> = { [P2M]: 16, [ALTP2M]: 40, [POD]: 48 };
const lock = (kind: string, address: string, mode = 'write', more: object = {}) => ({
  kind,
  pcpu: 0,
  lock: address,
  level: LEVELS[address],
  mode,
  ...more,
});
const take = (address: string, mode?: string, more?: object) => lock('lock_acquire', address, mode, more);
const drop = (address: string, mode?: string, more?: object) => lock('lock_release', address, mode, more);
const heldOf = ({ locks }: StateRows) => locks.map(row => [row.pcpu, Number(row.lock), row.mode, row.depth]);
/** Which acquisitions Xen itself would have stopped (docs/xen.md#lock-checks), by seq. */
const violations = async (...events: object[]) =>
  (await factsOf('lock_spans', ...events)).filter(row => row.violation).map(row => row.from_seq);

test('what each pcpu holds, outermost first', async () => {
  const state = await stateOf(
    take(P2M),
    take(POD, 'mutex'),
    take(GRANT, 'read', { pcpu: 1 }),
    take(ALTP2M),
    drop(POD, 'mutex'),
  );
  expect(heldOf(state)).toEqual([
    [0, 0x1000, 'write', 1],
    [0, 0x2000, 'write', 1],
    [1, 0x4000, 'read', null],
  ]);
});

test('recursion is counted and checked; a lock is held until its last release', async () => {
  const state = await stateOf(take(P2M), take(P2M), take(P2M), drop(P2M));
  expect(heldOf(state)).toEqual([
    [0, 0x1000, 'write', 2],
    [0, 0x1000, 'write', 2],
  ]);
  const depth = (n: number) => ({ depth: n });
  const right = await stateOf(take(P2M, 'write', depth(1)), take(P2M, 'write', depth(2)), drop(P2M, 'write', depth(2)));
  expect(right.divergences).toEqual([]);
  const wrong = await stateOf(take(P2M, 'write', depth(1)), take(P2M, 'write', depth(3)));
  expect(wrong.divergences).toMatchObject([{ seq: 1, about: 'depth', pcpu: 0, expected: 2, seen: 3 }]);
});

test('one reader’s release is not another’s', async () => {
  const other = { pcpu: 1 };
  const state = await stateOf(take(P2M, 'read'), take(P2M, 'read', other), drop(P2M, 'read'));
  expect(heldOf(state)).toEqual([[1, 0x1000, 'read', null]]);
});

test('a release of what was taken before the trace is just that', async () => {
  const state = await stateOf(drop(P2M), take(P2M, 'write', { depth: 1 }));
  expect([heldOf(state), state.divergences]).toEqual([[[0, 0x1000, 'write', 1]], []]);
});

test('a lower level inside a higher one breaks the order, an equal one does not', async () => {
  expect(await violations(take(ALTP2M), take(P2M))).toEqual([1]);
  expect(await violations(take(P2M), take('0x1001', 'write', { level: 16 }))).toEqual([]);
  expect(await violations(take(P2M), take(ALTP2M), take(POD, 'mutex'))).toEqual([]);
});

test('a read lock is checked, but leaves the level as it is', async () => {
  expect(await violations(take(ALTP2M), take(P2M, 'read'))).toEqual([1]);
  expect(await violations(take(ALTP2M, 'read'), take(P2M))).toEqual([]);
});

test('taking a write lock again is not checked, a mutex by its recursive variant neither', async () => {
  // The emergency sweep takes the p2m lock inside the PoD lock.
  expect(await violations(take(P2M), take(POD, 'mutex'), take(P2M))).toEqual([]);
  const paging = (more: object = {}) => take('0x5000', 'mutex', { level: 64, ...more });
  expect(await violations(paging(), paging({ flags: ['recursive'] }))).toEqual([]);
});

test('a release puts back the level that the acquisition saved, even the wrong one', async () => {
  // A(16), B(40), unlock A: the level is 0 while B is held, and what is below B passes.
  expect(await violations(take(P2M), take(ALTP2M), drop(P2M), take('0x1001', 'write', { level: 16 }))).toEqual([]);
  expect(await violations(take(P2M), take(ALTP2M), drop(ALTP2M), take('0x1001', 'write', { level: 8 }))).toEqual([3]);
});

test('locks of other pcpus and locks without a level are no obstacle', async () => {
  expect(await violations(take(ALTP2M), take(P2M, 'write', { pcpu: 1 }))).toEqual([]);
  expect(await violations(take(ALTP2M), take(GRANT, 'write'))).toEqual([]);
});

test('an external lock is a level like any other', async () => {
  const external = take('0x6000', 'external', { level: 24 });
  expect(await violations(take(ALTP2M), external)).toEqual([1]);
  expect(await violations(external, take(P2M))).toEqual([1]);
});
