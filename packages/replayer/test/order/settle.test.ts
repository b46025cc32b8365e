import fc from 'fast-check';
import { expect, it } from 'vitest';
import { replay } from '../../src/index.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();
const ALLOCATED = 1n << 63n;
const MFN = 0x100;

interface Step {
  readonly pcpu: number;
  /** 0 is an event on no frame that counts. */
  readonly by: -1 | 0 | 1;
}
interface Recorded extends Step {
  readonly tsc: number;
  readonly count: number;
}

/** Steps in true order, each 100 ticks after the one before, and how late each is recorded: of what its pcpu leaves. */
const histories = fc.array(
  fc.record({ pcpu: fc.nat(2), by: fc.constantFrom<-1 | 0 | 1>(-1, 0, 1, 1), delay: fc.nat(99) }),
  { minLength: 2, maxLength: 9 },
);

function recorded(steps: readonly (Step & { delay: number })[]): Recorded[] {
  let count = 3;
  const events = steps.map(({ pcpu, by, delay }, i) => {
    count += by;
    const next = steps.findIndex((other, j) => j > i && other.pcpu === pcpu);
    const room = (next < 0 ? steps.length - i + 3 : next - i) * 100 - 1;
    return { pcpu, by, count, tsc: 1000 + i * 100 + Math.floor((room * delay) / 100) };
  });
  return events.sort((a, b) => a.tsc - b.tsc || a.pcpu - b.pcpu);
}

/** At 0 the page is free, and get_page refuses it. */
const isAlive = (events: readonly Recorded[]) => events.every(({ count }) => count > 0);

function lines(events: readonly Recorded[]): object[] {
  const head = { mfn: MFN, owner: 1, pcpu: 0, tsc: 1 };
  return [
    { kind: 'page_alloc', order: 0, ...head },
    { kind: 'get_page', ...head, tsc: 2, count_info: `0x${(ALLOCATED + 2n).toString(16)}` },
    { kind: 'get_page', ...head, tsc: 3, count_info: `0x${(ALLOCATED + 3n).toString(16)}` },
    // Nothing of what comes may have been before.
    ...[0, 1, 2].map(pcpu => ({ kind: 'mark', pcpu, tsc: 10 })),
    ...events.map(({ pcpu, by, tsc, count }) => {
      if (by === 0) return { kind: 'mark', pcpu, tsc };
      const count_info = `0x${(ALLOCATED + BigInt(count)).toString(16)}`;
      return { kind: by > 0 ? 'get_page' : 'put_page', mfn: MFN, owner: 1, pcpu, tsc, count_info };
    }),
  ];
}

async function outcome(events: readonly Recorded[]) {
  const trace = replay(await traceOf(lines(events)), { index: false });
  const { replayer } = trace.at(trace.end);
  const slot = replayer.pages.directory.find(MFN);
  return {
    divergences: replayer.health.divergences.openRows,
    count: replayer.pages.count(slot),
    reordered: replayer.reordered,
  };
}

/** Every order within the windows, tried out one after the other. */
function isExplained(events: readonly Recorded[]): boolean {
  const since = events.map(({ pcpu }, i) => events.findLast((e, j) => j < i && e.pcpu === pcpu)?.tsc ?? 10);
  const follow = (left: readonly number[], count: number): boolean =>
    left.length === 0 ||
    left.some(i => {
      const isHeld = left.some(j => j !== i && (events[j].pcpu === events[i].pcpu ? j < i : events[j].tsc <= since[i]));
      if (isHeld || (events[i].by !== 0 && events[i].count !== count + events[i].by)) return false;
      return follow(
        left.filter(j => j !== i),
        count + events[i].by,
      );
    });
  return follow([...events.keys()], 3);
}

it('what was recorded late is no divergence, and the count is the true one', async () => {
  let reordered = 0;
  await fc.assert(
    fc.asyncProperty(histories, async steps => {
      const events = recorded(steps);
      fc.pre(isAlive(events));
      const result = await outcome(events);
      reordered += result.reordered;
      expect(result.divergences).toBe(0);
      expect(result.count).toBe(3 + steps.reduce((sum, { by }) => sum + by, 0));
    }),
    { numRuns: 150 },
  );
  expect(reordered).toBeGreaterThan(0);
});

it('there are divergences where no order within the windows explains the counts, and only there', async () => {
  const seen = { explained: 0, contradictory: 0 };
  const wrong = fc.record({ at: fc.nat(8), by: fc.constantFrom(-2, -1, 0, 1, 2) });
  await fc.assert(
    fc.asyncProperty(histories, wrong, async (steps, { at, by }) => {
      const events = recorded(steps).map((event, i) => (i === at ? { ...event, count: event.count + by } : event));
      fc.pre(isAlive(events));
      const explained = isExplained(events);
      seen[explained ? 'explained' : 'contradictory']++;
      expect((await outcome(events)).divergences === 0).toBe(explained);
    }),
    { numRuns: 200 },
  );
  expect(seen.explained).toBeGreaterThan(20);
  expect(seen.contradictory).toBeGreaterThan(20);
});

it('an event that would follow too soon waits for those that the found order has before it', async () => {
  // By true order: counts of 2, 1, 2, 1, 2, 3. The last was recorded fourth, where it follows from the third as well.
  const steps = [
    { pcpu: 0, by: -1, delay: 34 },
    { pcpu: 1, by: -1, delay: 0 },
    { pcpu: 1, by: 1, delay: 0 },
    { pcpu: 0, by: -1, delay: 34 },
    { pcpu: 2, by: 1, delay: 21 },
    { pcpu: 1, by: 1, delay: 0 },
  ] as const;
  const events = recorded(steps);
  expect(events.map(({ count }) => count)).toEqual([1, 2, 2, 3, 1, 2]);
  expect(await outcome(events)).toEqual({ divergences: 0, count: 3, reordered: 3 });
});

const type = (low: bigint, locked = false) =>
  `0x${((6n << 61n) + (1n << 58n) + (locked ? 1n << 60n : 0n) + low).toString(16)}`;

it('type counts are settled where PGT_locked, which has no event, holds one of them', async () => {
  const shared = { mfn: MFN, requested: '0xc000000000000000', rc: 0 };
  const get = (pcpu: number, tsc: number, type_info: string) => ({ kind: 'get_type', ...shared, pcpu, tsc, type_info });
  const put = (pcpu: number, tsc: number, type_info: string) => ({ kind: 'put_type', mfn: MFN, pcpu, tsc, type_info });
  const before = [
    { p2mtrace: 1, layout: 'P6' },
    { kind: 'page_alloc', order: 0, mfn: MFN, owner: 1, pcpu: 0, tsc: 1 },
    get(0, 2, type(1n)),
    get(0, 3, type(2n)),
    ...[0, 1].map(pcpu => ({ kind: 'mark', pcpu, tsc: 10 })),
  ];
  const divergences = async (events: readonly object[]) => {
    const trace = replay(await traceOf([...before, ...events]), { index: false });
    const { replayer } = trace.at(trace.end);
    const slot = replayer.pages.directory.find(MFN);
    return [replayer.health.divergences.openRows, replayer.pages.typeLow[slot]];
  };
  // One put, one get under the page's lock: 2, 1, and 2 with one more for the lock.
  expect(await divergences([put(1, 20, type(1n)), get(0, 30, type(3n, true))])).toEqual([0, 3]);
  expect(await divergences([get(0, 20, type(3n, true)), put(1, 30, type(1n))])).toEqual([0, 3]);
  // The put began when the get was recorded: then it can't have come before.
  const late = [get(0, 20, type(3n, true)), { kind: 'mark', pcpu: 1, tsc: 25 }, put(1, 30, type(1n))];
  expect((await divergences(late))[0]).toBeGreaterThan(0);
});

it('what a pool writes raw needs no other order, and a free none before what was recorded ahead of it', async () => {
  const raw = (kind: string, pcpu: number, tsc: number, count: number) => ({
    kind,
    mfn: MFN,
    pcpu,
    tsc,
    count_info: count,
  });
  const trace = replay(
    await traceOf([
      { kind: 'page_alloc', order: 0, mfn: MFN, pcpu: 0, tsc: 1 },
      raw('get_page', 0, 2, 3),
      raw('put_page', 0, 3, 2),
      raw('get_page', 0, 20, 1),
      raw('put_page', 0, 30, 0),
      { kind: 'page_free', order: 0, mfn: MFN, pcpu: 1, tsc: 40 },
    ]),
    { index: false },
  );
  const { replayer } = trace.at(trace.end);
  expect(replayer.health.divergences.openRows).toBe(0);
  expect(replayer.reordered).toBe(0);
  // Of a page that counts, a count that does not follow stays one: the free did not come first.
  const owned = { mfn: MFN, owner: 1 };
  const counted = replay(
    await traceOf([
      { kind: 'page_alloc', order: 0, ...owned, pcpu: 0, tsc: 1 },
      { kind: 'get_page', ...owned, pcpu: 0, tsc: 20, count_info: `0x${(ALLOCATED + 5n).toString(16)}` },
      { kind: 'page_free', order: 0, mfn: MFN, pcpu: 1, tsc: 40 },
    ]),
    { index: false },
  );
  expect(counted.at(counted.end).replayer.health.divergences.openRows).toBe(1);
});
