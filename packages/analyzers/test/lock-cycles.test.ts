import { describe, expect, test } from 'vitest';
import { analyzeTrace } from '../src/index.js';
import { traceMaker } from './support/trace-of.js';

const makeTrace = traceMaker();

const G = { lock: '0xffff830000000001', lock_class: 'grant_table' };
const A = { lock: '0xffff830000000002', lock_class: 'page_alloc' };
const H = { lock: '0xffff830000000003', lock_class: 'heap' };
const D = { lock: '0xffff830000000004', lock_class: 'domctl' };
type Lock = typeof G;

/** Locks taken one inside the other on a pcpu, and released. */
function nest(pcpu: number, locks: readonly (Lock & { mode?: string })[]) {
  const event = (kind: string) => (lock: Lock) => ({ kind, pcpu, mode: 'mutex', ...lock });
  return [...locks.map(event('lock_acquire')), ...locks.toReversed().map(event('lock_release'))];
}

const RULES = ['lock-order.predicted-deadlock', 'lock-order.class-cycle', 'lock-order.instance-cycle'];

/** Severity, circle and the reason why it is none, of every circle. */
async function circles(...sections: (readonly object[])[]) {
  const reader = await makeTrace(sections.flat());
  const { findings } = await analyzeTrace(reader, { only: RULES });
  return findings.flatMap(({ rule, severity, occurrences }) =>
    occurrences.map(({ subject }) => [
      severity,
      rule === RULES[0] ? named(String(subject.cycle)) : subject.cycle,
      subject.impossible ?? null,
    ]),
  );
}

/** A circle of locks by their classes, or by their addresses where they are all of one class; from the least on. */
function named(cycle: string): string {
  const locks = cycle
    .split(' -> ')
    .slice(1)
    .map(lock => lock.split(' '));
  const isOneClass = new Set(locks.map(([name]) => name)).size === 1;
  const names = locks.map(([name, address]) => (isOneClass ? address : name));
  const first = names.indexOf([...names].sort()[0]);
  return [...names.slice(first), ...names.slice(0, first), names[first]].join(' -> ');
}

describe('circles of lock classes', () => {
  const circle = 'grant_table -> page_alloc -> grant_table';

  test('two pcpus, both orders: a warning', async () => {
    expect(await circles(nest(0, [A, G]), nest(1, [G, A]))).toEqual([['warning', circle, null]]);
  });

  test('a lock that is held around both orders lets in one at a time: a note', async () => {
    expect(await circles(nest(0, [H, A, G]), nest(1, [H, G, A]))).toEqual([
      ['note', circle, 'heap is held around both'],
    ]);
  });

  test('one that is held around one of them only keeps nobody out', async () => {
    expect(await circles(nest(0, [H, A, G]), nest(1, [G, A]))).toEqual([['warning', circle, null]]);
  });

  test('sections of one lock keep their order: a deadlock that needs another one is not looked for', async () => {
    expect(await circles(nest(0, [H, A, G]), nest(1, [H, G, A]), nest(1, [G, A]))).toEqual([
      ['note', circle, 'its sides are ordered by sections of heap'],
    ]);
  });

  test('one that both only read keeps nobody out; a reader keeps a writer out', async () => {
    const read = { ...H, mode: 'read' };
    const write = { ...H, mode: 'write' };
    expect(await circles(nest(0, [read, A, G]), nest(1, [read, G, A]))).toEqual([['warning', circle, null]]);
    expect(await circles(nest(0, [read, A, G]), nest(1, [write, G, A]))).toEqual([
      ['note', circle, 'heap is held around both'],
    ]);
  });

  test('one pcpu in both orders: a note', async () => {
    expect(await circles(nest(0, [A, G]), nest(0, [G, A]))).toEqual([['note', circle, 'too few pcpus took them']]);
  });

  test('a circle of three needs three pcpus', async () => {
    const three = 'grant_table -> heap -> page_alloc -> grant_table';
    const sides = [
      [G, H],
      [H, A],
      [A, G],
    ];
    expect(await circles(...sides.map((side, pcpu) => nest(pcpu, side)))).toEqual([['warning', three, null]]);
    expect(await circles(...sides.map((side, pcpu) => nest(pcpu % 2, side)))).toEqual([
      ['note', three, 'too few pcpus took them'],
    ]);
  });

  test('readers that meet do not wait; a writer among them does', async () => {
    const read = { ...G, mode: 'read' };
    const write = { ...G, mode: 'write' };
    expect(await circles(nest(0, [A, read]), nest(1, [read, A]))).toEqual([['note', circle, 'only readers meet']]);
    expect(await circles(nest(0, [A, write]), nest(1, [read, A]))).toEqual([['warning', circle, null]]);
    // The same circle with and without a deadlock is told once, as the one with.
    expect(await circles(nest(0, [A, read]), nest(0, [A, write]), nest(1, [read, A]))).toEqual([
      ['warning', circle, null],
    ]);
  });

  test('where the shortest way around is impossible, a longer one is found', async () => {
    const found = await circles(
      nest(0, [H, A, G]),
      nest(1, [H, G, A]),
      nest(1, [G, D]),
      nest(2, [D, A]),
      nest(0, [A, G]),
    );
    expect(found).toContainEqual(['warning', 'domctl -> page_alloc -> grant_table -> domctl', null]);
  });
});

describe('a deadlock in another order is proven', () => {
  const page = { pcpu: 2, mfn: 0x100, owner: 1 };
  const entry = { pcpu: 2, domid: 1, gfn: 0x10, mfn: 0x100, order: 0, p2m_type: 'ram_rw' };
  /** One of each kind that orders events, which none of these orders. */
  const all = [
    { kind: 'domain_create', pcpu: 2, domid: 1 },
    { kind: 'sched_switch', pcpu: 2, domid: 1, vcpu: 0 },
    { kind: 'page_alloc', order: 0, ...page },
    { kind: 'set_entry', ...entry },
    { kind: 'lookup', ...entry },
    { kind: 'get_page', ...page },
    { kind: 'put_page', ...page },
    { kind: 'tlb_flush', pcpu: 2, domid: 1 },
    { kind: 'page_free', order: 0, ...page },
  ];
  const sides = [...nest(0, [A, G]), ...nest(1, [G, A])];
  const severities = async (...events: object[]) => (await circles(events)).map(([severity]) => severity);

  test('if all that orders events is recorded', async () => {
    expect(await severities(...all, ...sides)).toEqual(['error']);
    for (const { kind } of all) {
      const others = all.filter(event => event.kind !== kind);
      expect(await severities(...others, ...sides), kind).toEqual(['warning']);
    }
  });

  test('but not where trylocks are recorded: one that succeeded looks like a lock that was waited for', async () => {
    const inVain = { kind: 'lock_acquire', pcpu: 2, mode: 'mutex', ...H, flags: ['failed'] };
    expect(await severities(...all, inVain, ...sides)).toEqual(['warning']);
  });
});

describe('circles inside one class', () => {
  const p2m = (domid: number) => ({ lock: `0xffff83000000010${domid}`, lock_class: 'p2m', mode: 'write', level: 16 });

  test('whatever the number of domains, an order among them makes no circle', async () => {
    expect(await circles(nest(0, [p2m(1), p2m(2)]), nest(1, [p2m(2), p2m(3)]), nest(2, [p2m(1), p2m(3)]))).toEqual([]);
  });

  test('taking again what the pcpu holds waits for nobody', async () => {
    expect(await circles(nest(0, [p2m(1), p2m(2), p2m(1)]), nest(1, [p2m(1), p2m(2)]))).toEqual([]);
  });

  test('three domains in a ring: a circle, and a note where a lock is held around two of its sides', async () => {
    const ring = '0xffff830000000101 -> 0xffff830000000102 -> 0xffff830000000103 -> 0xffff830000000101';
    expect(await circles(nest(0, [p2m(1), p2m(2)]), nest(1, [p2m(2), p2m(3)]), nest(2, [p2m(3), p2m(1)]))).toEqual([
      ['warning', ring, null],
    ]);
    expect(
      await circles(nest(0, [H, p2m(1), p2m(2)]), nest(1, [p2m(2), p2m(3)]), nest(2, [H, p2m(3), p2m(1)])),
    ).toEqual([['note', ring, 'heap is held around both']]);
  });
});
