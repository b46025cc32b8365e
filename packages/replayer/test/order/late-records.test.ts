import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LateRecords } from '../../src/order/late-records.js';
import { ORDER_COLUMNS } from '../../src/order/order-rows.js';
import { RowReader } from '../../src/order/row-reader.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();
const SLACK = 2;

interface Event {
  readonly kind: 'mark';
  readonly pcpu: number;
  readonly tsc?: number;
}

const event: fc.Arbitrary<Event> = fc.record(
  { kind: fc.constant('mark' as const), pcpu: fc.nat({ max: 3 }), tsc: fc.nat({ max: 30 }) },
  { requiredKeys: ['kind', 'pcpu'] },
);

/** Seqs of the records that may have happened before the one at `seq`, by going through all behind it. */
function late(events: readonly Event[], seq: number, doubtful: readonly number[]): number[] {
  const { pcpu, tsc } = events[seq];
  if (tsc === undefined) return [];
  const passed = new Set([pcpu]);
  return events.flatMap((one, at) => {
    if (at <= seq || one.tsc === undefined || passed.has(one.pcpu)) return [];
    if (one.tsc >= tsc + SLACK && !doubtful.includes(pcpu) && !doubtful.includes(one.pcpu)) passed.add(one.pcpu);
    return [at];
  });
}

it('has each record that may have happened before an event, whatever was asked for before', async () => {
  const questions = fc.array(fc.record({ at: fc.nat(), wanted: fc.nat({ max: 40 }) }), { maxLength: 12 });
  const doubt = fc.subarray([0, 1, 2, 3], { maxLength: 1 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 1, maxLength: 40 }),
      questions,
      doubt,
      async (events, asked, doubtful) => {
        const records = new LateRecords(new RowReader(await traceOf(events), ORDER_COLUMNS), SLACK);
        const isDoubtful = (pcpu: number) => doubtful.includes(pcpu);
        for (const { at, wanted } of asked) {
          const seq = at % events.length;
          const expected = late(events, seq, doubtful);
          // Stopping early must not lose what later questions need.
          expect(records.some(seq, isDoubtful, ({ firstSeq }, row) => firstSeq + row === wanted)).toBe(
            expected.includes(wanted),
          );
          const seen: number[] = [];
          records.some(seq, isDoubtful, ({ firstSeq }, row) => {
            seen.push(firstSeq + row);
            return false;
          });
          expect(seen.sort((a, b) => a - b)).toEqual(expected);
        }
      },
    ),
    { numRuns: 150 },
  );
});
