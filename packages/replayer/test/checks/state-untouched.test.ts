import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FactStore, replayTrace } from '../../src/index.js';
import { arbitraryEvents } from '../support/arbitrary-events.js';
import { differences, stateOf } from '../support/same-state.js';
import { traceMaker } from '../support/trace-of.js';

const makeTrace = traceMaker();

test('checks change no state', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryEvents, async events => {
      const reader = await makeTrace(events);
      const [checked, plain] = [['breaches'], ['losses']].map(wanted =>
        stateOf(replayTrace(reader, { facts: new FactStore(wanted) })),
      );
      expect(differences(checked, plain)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
