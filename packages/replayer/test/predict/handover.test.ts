import { expect, test } from 'vitest';
import { factMaker } from '../support/facts-of.js';

const factsOf = factMaker();

const A = { lock: '0xffff830000000001', lock_class: 'a', mode: 'mutex' };
const B = { lock: '0xffff830000000002', lock_class: 'b', mode: 'mutex' };
const C = { lock: '0xffff830000000003', lock_class: 'c', mode: 'mutex' };
const acq = (pcpu: number, lock: object) => ({ kind: 'lock_acquire', pcpu, ...lock });
const rel = (pcpu: number, lock: object) => ({ kind: 'lock_release', pcpu, ...lock });
const inside = (pcpu: number, outer: object, inner: object) => [
  acq(pcpu, outer),
  acq(pcpu, inner),
  rel(pcpu, inner),
  rel(pcpu, outer),
];

/** Verdict and reason of each side. */
async function verdicts(...events: readonly object[]) {
  const rows = await factsOf('lock_cycles', ...events);
  return rows.filter(({ side }) => side !== null).map(({ pcpu, verdict, reason }) => [pcpu, verdict, reason]);
}

const DEADLOCK = [
  [0, 'deadlock', null],
  [1, 'deadlock', null],
];
const ORDERED = [
  [0, 'refuted', 'release'],
  [1, 'refuted', 'release'],
];

test('a lock that others hand over in between orders neither side', async () => {
  expect(await verdicts(...inside(0, A, B), acq(2, C), rel(3, C), ...inside(1, B, A))).toEqual(DEADLOCK);
});

test('who gives back what the other one took comes after that, and all before it', async () => {
  expect(await verdicts(...inside(0, A, B), acq(2, C), rel(1, C), ...inside(1, B, A))).toEqual(ORDERED);
});

test('who took it goes on after another one has given it back', async () => {
  expect(await verdicts(...inside(0, A, B), acq(1, C), rel(0, C), ...inside(1, B, A))).toEqual(ORDERED);
});

test('while it is not known who has it, neither is a side', async () => {
  // pcpu 1 may have handed over C before it takes the others, or pcpu 0 may have had it already.
  expect(await verdicts(...inside(0, A, B), acq(1, C), ...inside(1, B, A), rel(2, C))).toEqual([]);
  expect(await verdicts(...inside(0, A, B), acq(2, C), ...inside(1, B, A), rel(1, C))).toEqual([]);
});

test('without the handover it is a deadlock', async () => {
  expect(await verdicts(...inside(0, A, B), acq(1, C), ...inside(1, B, A), rel(1, C))).toEqual(DEADLOCK);
});
