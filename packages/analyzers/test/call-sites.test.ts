import { expect, test } from 'vitest';
import { analyzeTrace, openTraceSession } from '../src/index.js';
import { traceMaker } from './support/trace-of.js';

const traceOf = traceMaker();

const ADDRESSES: Record<string, string> = {
  p2m_add_foreign: '0xffff82d040200010',
  set_foreign_p2m_entry: '0xffff82d040200020',
  relinquish_memory: '0xffff82d040200030',
};
type Site = (symbol: string) => object;
const named: Site = symbol => ({ symbol });
const both: Site = symbol => ({ symbol, caller: ADDRESSES[symbol] });

const LOCK = { lock: '0xffff830120151010', lock_class: 'p2m', level: 16, mode: 'write', depth: 1 };

/** A reference for a foreign mapping that the mapping domain's end does not drop. */
const leak = (site: Site): object[] => [
  { p2mtrace: 1, layout: 'P6' },
  { kind: 'page_alloc', pcpu: 0, mfn: 0x7700, order: 0, owner: 7 },
  { kind: 'get_page', pcpu: 1, mfn: 0x7700, owner: 7, count_info: '0x8000000000000002', ...site('p2m_add_foreign') },
  { kind: 'lock_acquire', pcpu: 1, ...LOCK, ...site('set_foreign_p2m_entry') },
  { kind: 'lock_release', pcpu: 1, ...LOCK, ...site('set_foreign_p2m_entry') },
  { kind: 'alloc_ref_drop', pcpu: 0, mfn: 0x7700, owner: 7, count_info: 1, ...site('relinquish_memory') },
  { kind: 'domain_destroy', pcpu: 0, domid: 7 },
];

test('a finding names its call sites by their symbols, with and without addresses', async () => {
  const found = async (site: Site) => {
    const { findings } = await analyzeTrace(await traceOf(leak(site)), { only: ['refcount.leak'] });
    return findings.map(({ signature }) => signature);
  };
  const [signature, ...others] = await found(named);
  expect(others).toEqual([]);
  expect(signature).toContain('acquired_at=p2m_add_foreign');
  expect(signature).toContain('allocation_dropped_at=relinquish_memory');
  expect(await found(both)).toEqual([signature]);
  expect(await found(() => ({}))).not.toEqual([signature]);
});

test('an event without a site has that of the innermost lock, by its symbol too', async () => {
  const events = leak(named);
  const [get, acquire] = [events[2], events[3]];
  // The reference is taken under the lock.
  events.splice(2, 2, acquire, { ...get, symbol: null });
  const { findings } = await analyzeTrace(await traceOf(events), { only: ['refcount.leak'] });
  // Whoever took the lock need not have taken the reference: it is told, but is no part of the signature.
  expect(findings.map(({ signature }) => signature)).toEqual([
    'refcount.leak | allocation_dropped_at=relinquish_memory',
  ]);
  expect(findings[0].occurrences[0].subject.taken_under_lock_of).toBe('set_foreign_p2m_entry');
});

test('callers has a row for a symbol with an address, and one for it without', async () => {
  const [header, alloc, get] = leak(named);
  const [, , getWithAddress] = leak(both);
  const reader = await traceOf([header, alloc, get, getWithAddress, { kind: 'lookup', domid: 7, caller: '0x40' }]);
  const session = await openTraceSession(reader);
  try {
    const { rows } = await session.runAll('select address::varchar, symbol::varchar from callers order by id');
    expect(rows).toEqual([
      [ADDRESSES.p2m_add_foreign, 'p2m_add_foreign'],
      ['0x40', null],
      [null, 'p2m_add_foreign'],
    ]);
    const { rows: sites } = await session.runAll(
      'select c.address::varchar, c.symbol::varchar from ref_spans r join callers c on c.id = r.from_caller order by from_seq',
    );
    expect(sites).toEqual([rows[2], rows[0]]);
  } finally {
    await session.close();
  }
});
