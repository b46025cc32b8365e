import { expect, test } from 'vitest';
import { lossStarts } from '../../src/event-feed.js';
import type { LockCycle } from '../../src/predict/find-deadlocks.js';
import { WitnessValidator } from '../../src/predict/validate-witness.js';
import { traceMaker } from '../support/trace-of.js';

const makeTrace = traceMaker();

const A = { lock: '0xffff830000000001', lock_class: 'a', mode: 'mutex' };
const B = { lock: '0xffff830000000002', lock_class: 'b', mode: 'mutex' };
const acq = (pcpu: number, lock: object) => ({ kind: 'lock_acquire', pcpu, ...lock });
const rel = (pcpu: number, lock: object) => ({ kind: 'lock_release', pcpu, ...lock });
const use = (pcpu: number, flag: string) => ({ kind: 'page_use', pcpu, mfn: 0x100, flags: [flag] });

/** 0: acq A, 1: acq B, 2: rel B, 3: write, 4: rel A on pcpu 0; 5: acq B, 6: read, 7: acq A, 8, 9 on pcpu 1. */
const EVENTS = [acq(0, A), acq(0, B), rel(0, B), use(0, 'write'), rel(0, A)];
const LATER = [acq(1, B), use(1, 'read'), acq(1, A), rel(1, A), rel(1, B)];

/** pcpu 0 has come up to row `first`, pcpu 1 up to `second`; what they want is at `wanted`. */
function cycle(from: number, first: number, second: number, wanted = [1, 7]): LockCycle {
  const side = (pcpu: number, held: number, lock: number, heldRow: number, wantedRow: number) => ({
    ...{ pcpu, held, heldMode: 0, heldSite: -1, heldRow },
    ...{ wanted: lock, wantedMode: 0, wantedSite: -1, wantedRow },
  });
  return {
    ...{ verdict: 'deadlock', cause: -1, causeLock: -1, fromRow: from },
    sides: [side(0, 0, 1, 0, wanted[0]), side(1, 1, 0, 5, wanted[1])],
    stops: Int32Array.of(first, second),
  };
}

async function confirms(one: LockCycle, events: readonly object[]): Promise<boolean> {
  const reader = await makeTrace(events);
  return new WitnessValidator(reader, lossStarts(reader), [0, 1]).confirm([one]).has(one);
}

test('confirms an order in which both wait', async () => {
  const writesLater = [...EVENTS, ...LATER.map((event, i) => (i === 1 ? use(1, 'write') : event))];
  expect(await confirms(cycle(1, 0, 6), writesLater)).toBe(true);
});

test('not one in which a read sees another write than it saw', async () => {
  expect(await confirms(cycle(1, 0, 6), [...EVENTS, ...LATER])).toBe(false);
});

test('not one in which a pcpu leaves out what it did, or does what it waits for', async () => {
  const writesLater = [...EVENTS, ...LATER.map((event, i) => (i === 1 ? use(1, 'write') : event))];
  expect(await confirms(cycle(1, 0, 5), writesLater)).toBe(false);
  expect(await confirms(cycle(1, 1, 6), writesLater)).toBe(false);
});

test('not one in which a lock is taken that another pcpu has', async () => {
  // pcpu 1 takes and gives back A before its section: in the other order pcpu 0 still has it.
  const events = [...EVENTS, acq(1, A), rel(1, A), ...LATER.toSpliced(1, 1)];
  expect(await confirms(cycle(1, 0, 7, [1, 8]), events)).toBe(false);
});

test('not one across lost records', async () => {
  const events = [...EVENTS, { kind: 'lost', pcpu: 0, count: 1 }, ...LATER.toSpliced(1, 1)];
  expect(await confirms(cycle(1, 0, 6), events)).toBe(false);
});
