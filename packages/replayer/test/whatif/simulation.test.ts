import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAIRNESS, type LockDesign, lockDesigns } from '../../src/whatif/design.js';
import {
  CHUNK_OPS,
  OP_BEGIN,
  OP_CLAIM,
  OP_END,
  OP_LOCK,
  OP_SHARED,
  OP_UNLOCK,
  OP_WHOLE,
  OP_WRITES,
  OpStream,
} from '../../src/whatif/op-stream.js';
import { noOverlay } from '../../src/whatif/overlay.js';
import { Simulation } from '../../src/whatif/simulation.js';
import { type NaiveOp, simulateNaively } from './naive-simulator.js';

/** Thousands where there is time: WHATIF_RUNS=5000. */
const RUNS = Number(process.env.WHATIF_RUNS ?? 100);
const KINDS = { lock: OP_LOCK, unlock: OP_UNLOCK, begin: OP_BEGIN, claim: OP_CLAIM, end: OP_END };

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
const inner = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('claim' as const), range, writes: fc.boolean(), ticks }) },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('lock' as const), lock: fc.nat(1), shared: fc.boolean(), ticks }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('second' as const), range, writes: fc.boolean(), ticks }) },
);
const section = fc.record({
  what: fc.constant('section' as const),
  res: fc.constantFrom(10, 10, 10, 11),
  range,
  whole: fc.nat(9).map(n => n === 0),
  shared: fc.boolean(),
  inner: fc.array(inner, { maxLength: 3 }),
  ticks,
});
const alone = fc.record({ what: fc.constant('alone' as const), lock: fc.nat(1), shared: fc.boolean(), ticks });
const pcpus = fc.array(fc.array(fc.oneof({ weight: 4, arbitrary: section }, alone), { maxLength: 4 }), {
  minLength: 2,
  maxLength: 4,
});
type Plan = (typeof pcpus extends fc.Arbitrary<infer T> ? T : never)[number][number];

/** The operations of what was drawn, each pcpu's in order; seqs are unique over all of them. */
function opsOf(plans: readonly (readonly Plan[])[]): NaiveOp[][] {
  return plans.map((plan, p) => {
    const ops: NaiveOp[] = [];
    const add = (op: Omit<NaiveOp, 'seq'>) => ops.push({ ...op, seq: ops.length * plans.length + p });
    for (const part of plan) {
      if (part.what === 'alone') {
        add({ kind: 'lock', res: part.lock, ticks: part.ticks, shared: part.shared });
        add({ kind: 'unlock', res: part.lock, ticks: part.ticks, shared: part.shared });
        continue;
      }
      const { res, shared, ticks } = part;
      const writes = part.inner.some(({ what, ...rest }) => what === 'claim' && 'writes' in rest && rest.writes);
      const [first, last] = part.range;
      add({ kind: 'begin', res, ticks, first, last, whole: part.whole, shared, writes });
      for (const one of part.inner) {
        if (one.what === 'claim') {
          add({ kind: 'claim', res, ticks: one.ticks, first: one.range[0], last: one.range[1], writes: one.writes });
        } else if (one.what === 'lock') {
          add({ kind: 'lock', res: one.lock, ticks: one.ticks, shared: one.shared });
          add({ kind: 'unlock', res: one.lock, ticks: one.ticks, shared: one.shared });
        } else {
          add({
            kind: 'begin',
            res: 12,
            ticks: one.ticks,
            first: one.range[0],
            last: one.range[1],
            writes: one.writes,
          });
          if (one.writes)
            add({ kind: 'claim', res: 12, ticks: 1, first: one.range[0], last: one.range[1], writes: true });
          add({ kind: 'end', res: 12, ticks: one.ticks });
        }
      }
      add({ kind: 'end', res, ticks, shared });
    }
    return ops;
  });
}

/** `piece`: operations that are ready at a time, as if batches were read in between. */
function simulate(all: readonly (readonly NaiveOp[])[], design: LockDesign, piece = Number.POSITIVE_INFINITY) {
  const streams = all.map(ops => {
    const stream = new OpStream();
    for (const op of ops) {
      const at = stream.add(KINDS[op.kind], op.res, op.ticks, op.seq);
      const chunk = stream.chunk(at);
      const i = at & (CHUNK_OPS - 1);
      chunk.first[i] = op.first ?? 0;
      chunk.last[i] = op.last ?? 0;
      chunk.flags[i] =
        (op.shared === true ? OP_SHARED : 0) |
        (op.writes === true ? OP_WRITES : 0) |
        (op.whole === true ? OP_WHOLE : 0);
    }
    return stream;
  });
  // One more copy than there are pcpus makes `recorded` queue by arrival, as there is no recorded order here.
  const overlay = { ...noOverlay(streams.length), shifts: new Float64Array(2) };
  const simulation = new Simulation({ design, streams, overlay });
  let end = 0;
  do {
    end += piece;
    for (const stream of streams) {
      stream.ready = Math.min(end, stream.end);
      stream.ended = stream.ready === stream.end;
    }
    simulation.run();
  } while (!streams.every(({ ended }) => ended));
  const { waits, otherWait, makespan, deadlocks, upgrades, meter, peakGranules } = simulation;
  return { simulation, waits, otherWait, makespan, deadlocks, upgrades, meter, peakGranules };
}

const designs = FAIRNESS.flatMap(fairness => lockDesigns({ fairness }));
const nameOf = ({ discipline, granularity, upgrade, fairness }: LockDesign) =>
  [discipline, granularity, upgrade, fairness].filter(part => part !== null).join(' ');

describe('agrees with a naive simulator', () => {
  it.each(designs.map(design => [nameOf(design), design] as const))('%s', (_, design) => {
    fc.assert(
      fc.property(pcpus, fc.integer({ min: 1, max: 5 }), (plans, piece) => {
        const ops = opsOf(plans);
        const expected = simulateNaively(ops, design);
        const whole = simulate(ops, design);
        expect({
          waits: [whole.waits.count, whole.waits.total, whole.waits.max],
          otherWait: whole.otherWait,
          makespan: whole.makespan,
          deadlocks: whole.deadlocks,
          upgrades: whole.upgrades,
          peak: whole.meter.peak,
        }).toEqual({
          waits: [expected.waits.length, expected.waits.reduce((a, b) => a + b, 0), expected.waits.at(-1) ?? 0],
          otherWait: expected.otherWait,
          makespan: expected.makespan,
          deadlocks: expected.deadlocks,
          upgrades: expected.upgrades,
          peak: expected.peak,
        });
        expect(whole.meter.mean).toBeCloseTo(expected.mean, 9);
        // In pieces it is the same.
        const pieces = simulate(ops, design, piece);
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
