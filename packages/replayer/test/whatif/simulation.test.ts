import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAIRNESS, type LockDesign, lockDesigns } from '../../src/whatif/design.js';
import {
  CHUNK_OPS,
  OP_BEGIN,
  OP_CLAIM,
  OP_END,
  OP_LOCK,
  OP_MAP,
  OP_SHARED,
  OP_UNLOCK,
  OP_UNMAP,
  OP_WHOLE,
  OP_WRITES,
  OpStream,
} from '../../src/whatif/op-stream.js';
import { noOverlay } from '../../src/whatif/overlay.js';
import { Simulation } from '../../src/whatif/simulation.js';
import { type NaiveOp, simulateNaively } from './naive-simulator.js';

/** Thousands where there is time: WHATIF_RUNS=5000. */
const RUNS = Number(process.env.WHATIF_RUNS ?? 100);
const KINDS = {
  lock: OP_LOCK,
  unlock: OP_UNLOCK,
  begin: OP_BEGIN,
  claim: OP_CLAIM,
  end: OP_END,
  map: OP_MAP,
  unmap: OP_UNMAP,
};

/** Ranges that meet at each granularity: within 4K, 2M, 1G, and across them. */
const range = fc.constantFrom(
  [0, 0],
  [1, 1],
  [1, 2],
  [511, 512],
  [512, 512],
  [600, 600],
  [0, 1023],
  [0x4_0000, 0x4_0000],
);
const ticks = fc.integer({ min: 0, max: 6 });
/** Number of a mapping; who ends it need not be the one who built it, nor come after that. */
const mapping = fc.nat(3);
const mapped = fc.record({
  what: fc.constant('map' as const),
  res: fc.constantFrom(10, 10, 11),
  range,
  mapping,
  ticks,
});
const unmapped = fc.record({ what: fc.constant('unmap' as const), res: fc.constantFrom(10, 10, 11), mapping, ticks });
const inner = fc.oneof(
  { weight: 1, arbitrary: mapped },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('claim' as const), range, writes: fc.boolean(), ticks }) },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('lock' as const), lock: fc.nat(1), shared: fc.boolean(), ticks }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('second' as const),
      range,
      writes: fc.boolean(),
      crosses: fc.boolean(),
      ticks,
    }),
  },
);
const section = fc.record({
  what: fc.constant('section' as const),
  res: fc.constantFrom(10, 10, 10, 11),
  range,
  whole: fc.nat(9).map(n => n === 0),
  shared: fc.boolean(),
  inner: fc.array(inner, { maxLength: 3 }),
  /** A lock that is taken before it and given back after it, or at its beginning. */
  around: fc.option(fc.record({ lock: fc.nat(1), shared: fc.boolean(), drops: fc.boolean() }), { freq: 3 }),
  ticks,
});
const alone = fc.record({ what: fc.constant('alone' as const), lock: fc.nat(1), shared: fc.boolean(), ticks });
const pcpus = fc.array(
  fc.array(fc.oneof({ weight: 5, arbitrary: section }, alone, mapped, unmapped), { maxLength: 5 }),
  { minLength: 2, maxLength: 4 },
);
type Mapped = typeof mapped extends fc.Arbitrary<infer T> ? T : never;
type Plan = (typeof pcpus extends fc.Arbitrary<infer T> ? T : never)[number][number];

/** The operations of what was drawn, each pcpu's in order; seqs are unique over all of them. */
function opsOf(plans: readonly (readonly Plan[])[]): NaiveOp[][] {
  return plans.map((plan, p) => {
    const ops: NaiveOp[] = [];
    const add = (op: Omit<NaiveOp, 'seq'>) => ops.push({ ...op, seq: ops.length * plans.length + p });
    const map = ({ res, range: [first, last], mapping, ticks }: Mapped) =>
      add({ kind: 'map', res, first, last, mapping: 2 * mapping + (res & 1), ticks });
    for (const part of plan) {
      if (part.what === 'map') {
        map(part);
        continue;
      }
      if (part.what === 'unmap') {
        add({ kind: 'unmap', res: part.res, mapping: 2 * part.mapping + (part.res & 1), ticks: part.ticks });
        continue;
      }
      if (part.what === 'alone') {
        add({ kind: 'lock', res: part.lock, ticks: part.ticks, shared: part.shared });
        add({ kind: 'unlock', res: part.lock, ticks: part.ticks, shared: part.shared });
        continue;
      }
      const { res, shared, ticks, around } = part;
      const writes = part.inner.some(({ what, ...rest }) => what === 'claim' && 'writes' in rest && rest.writes);
      const [first, last] = part.range;
      const lock = (kind: 'lock' | 'unlock') => {
        if (around !== null) add({ kind, res: around.lock, ticks: 1, shared: around.shared });
      };
      lock('lock');
      add({ kind: 'begin', res, ticks, first, last, whole: part.whole, shared, writes });
      if (around?.drops === true) lock('unlock');
      const held = around?.drops === false ? around.lock : -1;
      let crosses = false;
      for (const one of part.inner) {
        if (one.what === 'claim') {
          add({ kind: 'claim', res, ticks: one.ticks, first: one.range[0], last: one.range[1], writes: one.writes });
        } else if (one.what === 'map') map(one);
        else if (one.what === 'lock') {
          // Recursion is none for the simulation.
          if (one.lock === held) continue;
          add({ kind: 'lock', res: one.lock, ticks: one.ticks, shared: one.shared });
          add({ kind: 'unlock', res: one.lock, ticks: one.ticks, shared: one.shared });
        } else if (!crosses) {
          const [first, last] = one.range;
          add({ kind: 'begin', res: 12, ticks: one.ticks, first, last, writes: one.writes });
          if (one.writes) add({ kind: 'claim', res: 12, ticks: 1, first, last, writes: true });
          if (one.crosses) crosses = true;
          else add({ kind: 'end', res: 12, ticks: one.ticks });
        }
      }
      add({ kind: 'end', res, ticks, shared });
      if (crosses) add({ kind: 'end', res: 12, ticks: 1 });
      if (around?.drops === false) lock('unlock');
    }
    return ops;
  });
}

/** `piece`: operations that are ready at a time, as if batches were read in between. */
function simulate(
  all: readonly (readonly NaiveOp[])[],
  design: LockDesign,
  keepsMappings = false,
  piece = Number.POSITIVE_INFINITY,
) {
  const streams = all.map(ops => {
    const stream = new OpStream();
    for (const op of ops) {
      const at = stream.add(KINDS[op.kind], op.res, op.ticks, op.seq);
      const chunk = stream.chunk(at);
      const i = at & (CHUNK_OPS - 1);
      chunk.first[i] = op.first ?? 0;
      chunk.last[i] = op.last ?? 0;
      chunk.need[i] = op.mapping ?? 0;
      chunk.flags[i] =
        (op.shared === true ? OP_SHARED : 0) |
        (op.writes === true ? OP_WRITES : 0) |
        (op.whole === true ? OP_WHOLE : 0);
    }
    return stream;
  });
  // One more copy than there are pcpus makes `recorded` queue by arrival, as there is no recorded order here.
  const overlay = { ...noOverlay(streams.length), shifts: new Float64Array(2) };
  const simulation = new Simulation({ design, streams, overlay, keepsMappings });
  let end = 0;
  do {
    end += piece;
    for (const stream of streams) {
      stream.ready = Math.min(end, stream.end);
      stream.ended = stream.ready === stream.end;
    }
    simulation.run();
  } while (!streams.every(({ ended }) => ended));
  const { tally, peakGranules } = simulation;
  return { ...tally, peakGranules };
}

const designs = FAIRNESS.flatMap(fairness => lockDesigns({ fairness }));
const nameOf = ({ discipline, granularity, upgrade, fairness }: LockDesign) =>
  [discipline, granularity, upgrade, fairness].filter(part => part !== null).join(' ');

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe('agrees with a naive simulator', () => {
  it.each(designs.map(design => [nameOf(design), design] as const))('%s', (_, design) => {
    fc.assert(
      fc.property(pcpus, fc.integer({ min: 1, max: 5 }), fc.boolean(), (plans, piece, keepsMappings) => {
        const ops = opsOf(plans);
        const expected = simulateNaively(ops, design, keepsMappings);
        const whole = simulate(ops, design, keepsMappings);
        const { mappingWaits } = whole;
        expect({
          waits: [whole.waits.count, whole.waits.total, whole.waits.max],
          otherWait: whole.otherWait,
          makespan: whole.makespan,
          deadlocks: whole.deadlocks,
          forced: whole.forced,
          broken: whole.broken,
          mappingWaits: [mappingWaits.count, mappingWaits.total, mappingWaits.max],
          upgrades: whole.upgrades,
          peak: whole.meter.peak,
          granules: whole.peakGranules,
          told: whole.told.map(({ members }) => members.map(({ pcpu }) => pcpu)),
        }).toEqual({
          waits: [expected.waits.length, sum(expected.waits), expected.waits.at(-1) ?? 0],
          otherWait: expected.otherWait,
          makespan: expected.makespan,
          deadlocks: expected.deadlocks,
          forced: expected.forced,
          broken: expected.broken,
          mappingWaits: [
            expected.mappingWaits.length,
            sum(expected.mappingWaits),
            Math.max(0, ...expected.mappingWaits),
          ],
          upgrades: expected.upgrades,
          peak: expected.peak,
          granules: expected.granules,
          told: expected.told.slice(0, 20),
        });
        expect(whole.meter.mean).toBeCloseTo(expected.mean, 9);
        // In pieces it is the same.
        const pieces = simulate(ops, design, keepsMappings, piece);
        expect([pieces.waits.total, pieces.makespan, pieces.deadlocks]).toEqual([
          whole.waits.total,
          whole.makespan,
          whole.deadlocks,
        ]);
      }),
      { numRuns: RUNS, seed: 15 },
    );
  });
});

describe('laws', () => {
  it.each(designs.map(design => [nameOf(design), design] as const))('double times, double waits: %s', (_, design) => {
    fc.assert(
      fc.property(pcpus, plans => {
        const ops = opsOf(plans);
        const once = simulate(ops, design);
        const twice = simulate(
          ops.map(stream => stream.map(op => ({ ...op, ticks: 2 * op.ticks }))),
          design,
        );
        expect([twice.waits.total, twice.waits.max, twice.otherWait, twice.makespan]).toEqual(
          [once.waits.total, once.waits.max, once.otherWait, once.makespan].map(value => 2 * value),
        );
      }),
      { numRuns: Math.ceil(RUNS / 5), seed: 15 },
    );
  });

  it('of many readers that all come to write, each starts again once', () => {
    // All have it from the start; each wants to write at a time of its own. The first waits for all others: each that
    // comes to write is in a circle with it. All but the oldest start again, and ask to write from then on.
    const many = 40;
    const ops = Array.from({ length: many }, (_, p): NaiveOp[] => [
      { kind: 'begin', res: 10, ticks: 1, seq: 3 * p, first: 0, last: 0, writes: true },
      { kind: 'claim', res: 10, ticks: 10 + p, seq: 3 * p + 1, first: 0, last: 0, writes: true },
      { kind: 'end', res: 10, ticks: 10, seq: 3 * p + 2 },
    ]);
    const design = { discipline: 'rwlock', granularity: null, upgrade: 'convert', fairness: 'fifo' } as const;
    const { deadlocks, upgrades, sections } = simulate(ops, design);
    expect([deadlocks, upgrades, sections]).toEqual([many - 1, many, many]);
  });

  it('a lock around a section that others take inside of theirs does not keep it starting again', () => {
    const ops: NaiveOp[][] = [
      [
        { kind: 'lock', res: 1, ticks: 1, seq: 0 },
        { kind: 'begin', res: 10, ticks: 1, seq: 1, first: 0, last: 0 },
        { kind: 'end', res: 10, ticks: 5, seq: 2 },
        { kind: 'unlock', res: 1, ticks: 1, seq: 3 },
      ],
      [
        { kind: 'begin', res: 10, ticks: 1, seq: 4, first: 0, last: 0 },
        { kind: 'lock', res: 1, ticks: 2, seq: 5 },
        { kind: 'unlock', res: 1, ticks: 1, seq: 6 },
        { kind: 'end', res: 10, ticks: 1, seq: 7 },
      ],
    ];
    // At 3 each waits for the other one. The younger section has nothing that it could give back: the other starts
    // again. The younger goes on at 3 and has both until 8 and 9; the other has the p2m at 8, the lock at 10, a tick
    // each to the end.
    const design = { discipline: 'exclusive', granularity: null, upgrade: null, fairness: 'fifo' } as const;
    const { deadlocks, makespan, sections, otherWait } = simulate(ops, design);
    expect([deadlocks, makespan, sections, otherWait]).toEqual([1, 12, 2, 0]);
  });

  it('a finer granularity never waits longer where each pcpu has one section of one range', () => {
    const one = fc.array(fc.record({ range, ticks, hold: ticks, writes: fc.boolean() }), {
      minLength: 2,
      maxLength: 6,
    });
    fc.assert(
      fc.property(one, fc.constantFrom('range-exclusive' as const, 'range-rw' as const), (plans, discipline) => {
        const ops = plans.map(({ range: [first, last], ticks, hold, writes }, p): NaiveOp[] => [
          { kind: 'begin', res: 10, ticks, seq: 2 * p, first, last, writes },
          { kind: 'end', res: 10, ticks: hold, seq: 2 * p + 1 },
        ]);
        const upgrade = discipline === 'range-rw' ? 'declare' : null;
        const waits = (['4k', '2m', '1g', 'all'] as const).map(
          granularity => simulate(ops, { discipline, granularity, upgrade, fairness: 'fifo' }).waits.total,
        );
        expect(waits).toEqual(waits.toSorted((a, b) => a - b));
      }),
      { numRuns: RUNS, seed: 15 },
    );
  });
});
