import fc from 'fast-check';
import { expect, it } from 'vitest';
import { whatIf } from '../../src/index.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();
const LOCKS = [
  { lock: '0xa0', lock_class: 'p2m', level: 16, mode: 'write' },
  { lock: '0xb0', lock_class: 'pod', level: 48, mode: 'mutex' },
];

const hold = fc.record({
  which: fc.constantFrom(0, 0, 1),
  gap: fc.integer({ min: 1, max: 9 }),
  hold: fc.integer({ min: 1, max: 9 }),
  handoff: fc.nat(3),
});
const plans = fc.array(fc.array(hold, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 4 });

/** Pcpus that take locks one after the other, first come, first served; told by events. */
function record(plan: readonly (readonly { which: number; gap: number; hold: number; handoff: number }[])[]) {
  const events: Record<string, unknown>[] = [];
  const free = [0, 0];
  const waits = [0, 0];
  let end = 0;
  const at = plan.map(() => ({ next: 0, time: 100 }));
  for (;;) {
    const due = at.map(({ next, time }, p) => (next < plan[p].length ? time + plan[p][next].gap : Number.NaN));
    const first = Math.min(...due.filter(time => !Number.isNaN(time)));
    if (!Number.isFinite(first)) break;
    const pcpu = due.indexOf(first);
    const { which, hold, handoff } = plan[pcpu][at[pcpu].next++];
    const lock = { ...LOCKS[which], pcpu };
    // A lock that is given back at that very tick is free.
    const waits_ = free[which] > first;
    const acquired = waits_ ? free[which] + handoff : first;
    if (waits_) {
      events.push({ kind: 'lock_wait', tsc: first, ...lock });
      waits[which] += acquired - first;
    }
    events.push({ kind: 'lock_acquire', tsc: acquired, depth: 1, ...lock });
    events.push({ kind: 'lock_release', tsc: acquired + hold, depth: 1, ...lock });
    free[which] = acquired + hold;
    at[pcpu].time = acquired + hold;
    end = Math.max(end, acquired + hold);
  }
  // Of one tick, what is given back comes before what is taken.
  const order = ['lock_release', 'lock_wait', 'lock_acquire'];
  events.sort((a, b) => Number(a.tsc) - Number(b.tsc) || order.indexOf(`${a.kind}`) - order.indexOf(`${b.kind}`));
  return { events, waits, makespan: end - Number(events[0].tsc) };
}

it('gives back the recorded waits where nothing is changed', async () => {
  await fc.assert(
    fc.asyncProperty(plans, async plan => {
      const { events, waits, makespan } = record(plan);
      const { rows, recordedWaits } = whatIf(await traceOf(events), { disciplines: ['recorded'] });
      if (rows.length === 0) return;
      const [row] = rows;
      expect([row.wait.total, row.otherWait, row.makespan]).toEqual([...waits, makespan]);
      expect(recordedWaits?.total ?? 0).toBe(waits[0]);
    }),
    { numRuns: 60, seed: 15 },
  );
});
