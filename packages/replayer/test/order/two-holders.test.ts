import { expect, it } from 'vitest';
import { stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const lock = (kind: string, pcpu: number) => ({
  kind,
  pcpu,
  lock: '0x10',
  lock_class: 'p2m',
  level: 16,
  mode: 'write',
  depth: 1,
});
const take = (pcpu: number) => lock('lock_acquire', pcpu);
const drop = (pcpu: number) => lock('lock_release', pcpu);

it('two pcpus that have a lock for writing at once diverge; each releases its own hold, and then it is free', async () => {
  const { divergences, locks } = await stateOf(take(0), take(1), drop(0), drop(1), take(0), drop(0));
  expect(divergences.map(({ seq, about, expected, seen }) => [seq, about, expected, seen])).toEqual([
    [1, 'holder', 0, 1],
  ]);
  expect(locks).toEqual([]);
});

it('one after the other does not', async () => {
  const { divergences, locks } = await stateOf(take(0), drop(0), take(1), drop(1), take(0), drop(0));
  expect([divergences, locks]).toEqual([[], []]);
});
