import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Validations } from '../../src/facts/validations.js';

interface Interval {
  readonly mfn: number;
  readonly from: number;
  readonly to: number;
}

/** Validations of one pcpu that lie in each other or apart, in the order in which they end. */
function nested(steps: readonly boolean[]): Interval[] {
  const open: { mfn: number; from: number }[] = [];
  const ended: Interval[] = [];
  steps.forEach((begins, seq) => {
    if (begins) open.push({ mfn: 0x1000 + seq, from: seq });
    else {
      const last = open.pop();
      if (last !== undefined) ended.push({ ...last, to: seq });
    }
  });
  return ended;
}

test('the innermost validation around an event is found, as by looking at all of them', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 60 }), steps => {
      const intervals = nested(steps);
      const validations = new Validations();
      for (const { mfn, from, to } of intervals) validations.add(0, mfn, from, to);
      steps.forEach((_, seq) => {
        const around = intervals.filter(({ from, to }) => from < seq && seq < to);
        const innermost = around.sort((a, b) => b.from - a.from)[0]?.mfn ?? -1;
        expect(validations.tableOf(0, seq)).toBe(innermost);
      });
      expect(validations.tableOf(1, 1)).toBe(-1);
    }),
  );
});
