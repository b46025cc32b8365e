import { KINDS, type KindName } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryCases, arbitraryLacks, arbitraryLosses, type Case } from './model/arbitrary.js';
import { kindsOf } from './model/arbitrary-events.js';
import { CASES, compareInMemory, holds } from './model/compare.js';
import { MODELLED } from './model/model.js';

const ALL = KINDS.map(({ name }) => name as KindName);
const ENTRIES: KindName[] = [
  'set_entry',
  'lookup',
  'snapshot',
  'type_change_range',
  'snapshot_type_change',
  'domain_create',
];

/** All about one p2m. */
function onHost(one: Case): Case {
  return { ...one, events: one.events.map(({ view: _, ...event }) => ({ ...event, domid: 1 })) };
}

test('the model knows every kind but those that change nothing', () => {
  const unknown = ALL.filter(kind => !MODELLED.has(kind));
  const changeNothing = ['page_use', 'lock_wait', 'domain_destroy', 'npf', 'mark', 'unknown', 'domain_dying'];
  expect(unknown).toEqual([...changeNothing, 'p2m_table_free']);
});

describe('replayer and model agree', () => {
  test.each([
    ['p2m', ENTRIES, ['m2p_set', 'snapshot_m2p', 'put_gfn']],
    ['views', ENTRIES, [...kindsOf('altp2m'), 'snapshot_view', 'snapshot_remap']],
    ['pages', ['snapshot'], kindsOf('page')],
    ['locks', ['snapshot', 'snapshot_lock', 'snapshot_level'], kindsOf('lock')],
    ['PoD', [...ENTRIES, 'page_free', 'snapshot_pod'], kindsOf('pod')],
    ['paging', [...ENTRIES, 'snapshot_paging'], kindsOf('paging')],
    ['sharing', [...ENTRIES, 'page_free', 'snapshot_rmap'], kindsOf('sharing')],
    ['grants', ['snapshot_grant', 'snapshot_foreign', 'sched_switch', 'domain_create'], kindsOf('grant')],
    ['Linux', ['snapshot_linux', 'snapshot_override', 'domain_create'], kindsOf('linux')],
    ['contexts', kindsOf('context', 'snapshot'), ['lookup', 'put_gfn', 'view_switch', ...kindsOf('tlb')]],
  ] as [string, KindName[], KindName[]][])('%s', async (_, kinds, often) =>
    holds(arbitraryCases(kinds, 40, often), compareInMemory),
  );

  test('more changes of types than are kept as such', async () => {
    const entries = arbitraryCases(ENTRIES, 20).map(one => onHost(one));
    const changes = arbitraryCases(['type_change_range'], 300).map(one => onHost(one));
    const cases = fc
      .tuple(entries, changes, changes, entries)
      .map(parts => ({ ...parts[0], every: 200, events: parts.flatMap(({ events }) => events) }));
    await holds(cases, compareInMemory, CASES / 10);
  });

  test('sequences so long that tables grow', async () => {
    const cases = arbitraryCases(ALL, 1500).map(one => ({ ...one, every: 500 }));
    await holds(cases, compareInMemory, CASES / 10);
  });

  test('all kinds', async () => holds(arbitraryCases(ALL, 80), compareInMemory, 2 * CASES));

  test('records are lost', async () => {
    const few: KindName[] = ['set_entry', 'lookup', 'get_page', 'put_page', 'lock_acquire', 'lost'];
    await holds(arbitraryLosses(arbitraryCases(few, 60)), compareInMemory);
    await holds(arbitraryLosses(arbitraryCases(ALL, 60)), compareInMemory);
  });

  test('events lack what they must have', async () => holds(arbitraryLacks(arbitraryCases(ALL, 40)), compareInMemory));
});
