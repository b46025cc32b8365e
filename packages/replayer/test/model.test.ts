import type { KindName } from '@p2mtrace/trace-format';
import { KINDS } from '@p2mtrace/trace-format';
import { describe, test } from 'vitest';
import { arbitraryCases } from './model/arbitrary.js';
import { CASES, compareInMemory, holds, kindsOf } from './model/compare.js';

const ALL = KINDS.map(({ name }) => name as KindName);

describe('replayer and model agree after every event', () => {
  test.each([
    ['p2m', ['set_entry', 'lookup', 'm2p_set', 'put_gfn']],
    ['pages', kindsOf('page')],
    ['locks', kindsOf('lock')],
  ] as [string, KindName[]][])('%s', async (_, kinds) => holds(arbitraryCases(kinds, 30), compareInMemory));

  test('all kinds', async () => holds(arbitraryCases(ALL, 60), compareInMemory, 2 * CASES));
});
