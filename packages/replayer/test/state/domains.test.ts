import { expect, test } from 'vitest';
import { DOMAINS, FactStore, replayTrace } from '../../src/index.js';
import { rowsOf } from '../support/facts-of.js';
import { entry, stateMaker } from '../support/state-of.js';
import { traceMaker } from '../support/trace-of.js';

const stateOf = stateMaker();
const traceOf = traceMaker();
const view = { domid: 1, view: 'altp2m:1' };
/** Something of every table of domain 1, and of domain 2. */
const LIFE = [1, 2].flatMap(domid => [
  entry(0x10, 0x100 * domid, 'ram_rw', { domid }),
  { kind: 'view_create', domid, view: 'altp2m:1' },
  { kind: 'remap', domid, view: 'altp2m:1', gfn: 0x20, new_gfn: 0x10 },
  { kind: 'pod_cache_add', domid, mfn: 0x100 * domid + 1, order: 0, count: 1, entry_count: 5 },
  { kind: 'page_nominate', domid, gfn: 0x11, mfn: 0x100 * domid + 2 },
  { kind: 'grant_map', domid, owner: 3 - domid, mfn: 0x500, handle: 1 },
  { kind: 'foreign_map', domid, gfn: 0x12, mfn: 0x600, owner: 7 },
  { kind: 'tlb_flush_deferred', domid },
  { kind: 'phys_to_machine_set', domid, gfn: 0x10, mfn: 0x100 * domid },
  { kind: 'm2p_override_add', domid, gfn: 0x13, mfn: 0x700 },
]);
const MACHINE = [
  { kind: 'page_alloc', mfn: 0x100, order: 0, owner: 1 },
  { kind: 'm2p_set', mfn: 0x100, gfn: 0x10 },
  { kind: 'share_nominate', mfn: 0x800, domid: 1, gfn: 0x14 },
];

test('a domain that is created has nothing of the one before it; all others keep theirs', async () => {
  const state = await stateOf(...MACHINE, ...LIFE, { kind: 'domain_create', domid: 1 });
  const { p2m, views, pod, paging, grants, tlb, linux } = state;
  for (const rows of [p2m, views, pod, paging, grants, tlb, linux]) {
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every(({ domid }) => domid === 2)).toBe(true);
  }
});

test('frames, the M2P and reverse maps are the machine’s', async () => {
  const { pages, m2p, sharing } = await stateOf(...MACHINE, ...LIFE, { kind: 'domain_create', domid: 1 });
  expect(pages).toMatchObject([{ mfn: 0x100, owner: 1, generation: 1 }]);
  expect(m2p.find(({ mfn }) => mfn === 0x100)).toMatchObject({ m2p: 0x10, domid: null });
  expect(sharing).toMatchObject([{ mfn: 0x800, domid: 1, gfn: 0x14 }]);
});

test('what a domain leaves when it is destroyed stays to be seen', async () => {
  const left = await stateOf(...LIFE, { kind: 'domain_destroy', domid: 1 });
  const { p2m, grants, linux } = await stateOf(...LIFE);
  expect([left.p2m, left.grants, left.linux]).toEqual([p2m, grants, linux]);
});

test('a view of the new domain is not complete because the old one’s was', async () => {
  const lookup = { kind: 'lookup', ...view, gfn: 0x30, mfn: 0x999, p2m_type: 'ram_rw' };
  const { divergences } = await stateOf(
    entry(0x30, 0x300),
    { kind: 'view_create', ...view },
    { kind: 'domain_create', domid: 1 },
    entry(0x30, 0x300),
    lookup,
  );
  expect(divergences).toEqual([]);
});

test('facts tell when domains came and went, and what they freed since their p2m was used last', async () => {
  const facts = new FactStore(['domains']);
  const free = (mfn: number) => ({ kind: 'page_free', mfn, order: 0, owner: 1 });
  const events = [
    { kind: 'domain_create', domid: 1 },
    entry(0x10, 0x100),
    free(0x200),
    entry(0x11, 0x101),
    free(0x100),
    { kind: 'domain_dying', domid: 1 },
    free(0x101),
    { kind: 'domain_destroy', domid: 1 },
  ];
  replayTrace(await traceOf(events), { facts });
  const ends = { dying_seq: 5, destroyed_seq: 7, freed: 2, last_free_seq: 6 };
  expect(rowsOf(facts, DOMAINS)).toEqual([{ domid: 1, first_seq: 0, last_p2m_seq: 3, created_seq: 0, ...ends }]);
});
