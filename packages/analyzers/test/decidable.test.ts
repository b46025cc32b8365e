import { describe, expect, test } from 'vitest';
import { analyzeTrace, decidableRules, RULES } from '../src/index.js';
import { traceMaker } from './support/trace-of.js';

const makeTrace = traceMaker();
const ALLOCATED = '0x8000000000000000';
const count = (refs: number, allocated = true) =>
  `0x${((allocated ? BigInt(ALLOCATED) : 0n) + BigInt(refs)).toString(16)}`;

/** A leak: references are recorded, and nothing else but the page's allocation. put_page never comes. */
const LEAK = [
  { p2mtrace: 1, layout: 'P6' },
  { kind: 'page_alloc', mfn: '0x100', order: 0, owner: 1, count_info: count(1) },
  { kind: 'get_page', mfn: '0x100', owner: 1, count_info: count(2) },
  { kind: 'alloc_ref_drop', mfn: '0x100', count_info: count(1, false) },
  { kind: 'domain_destroy', domid: 1 },
];

describe('rules that a trace can decide', () => {
  test('are those whose kinds it has, and none that the analysis proves is called undecidable', async () => {
    const reader = await makeTrace(LEAK);
    const { decided, undecided } = decidableRules(RULES, reader.metadata);
    const { findings, notChecked } = await analyzeTrace(reader);
    expect(findings.map(({ rule, confidence }) => [rule, confidence])).toEqual([['refcount.leak', 'proven']]);
    expect(decided.map(({ id }) => id)).toContain('refcount.leak');
    expect(undecided.filter(({ rule }) => rule.policy === undefined)).toHaveLength(notChecked.length);
    expect(decided.length + undecided.length).toBe(RULES.length);
  });

  test('are not those that lack a kind; the reason names it, and two that would do for each other', async () => {
    const { metadata } = await makeTrace(LEAK);
    const { undecided } = decidableRules(RULES, metadata);
    const of = (id: string) => undecided.find(({ rule }) => rule.id === id);
    expect(of('lock-order.level')).toMatchObject({ missing: ['lock_acquire'] });
    expect(of('lock-order.level')?.reason).toBe('no lock_acquire events in this trace');
    expect(of('refcount.type-divergence')?.reason).toBe('no get_type or put_type events in this trace');
    expect(of('refcount.underflow')).toBeUndefined();
  });

  test('are not those that a kind would refute of which there are none beside many that it needs', () => {
    const missing = (counts: object, piece?: object) =>
      decidableRules(RULES, { counts, piece } as never)
        .undecided.filter(({ rule }) => rule.id === 'refcount.freed-with-type')
        .map(({ reason }) => reason);
    const counts = { get_type: 300, page_free: 200, lookup: 9000, put_type: 1 };
    expect(missing(counts)).toEqual([]);
    expect(missing({ ...counts, put_type: 0 })).toEqual(['no put_type events in this trace']);
    expect(missing({ ...counts, put_type: 0, page_free: 199 })).toEqual([]);
    const piece = { of: 'whole', fromSeq: 2000, toSeq: 2003, snapshots: 0, recorded: ['get_type', 'page_free'] };
    expect(missing({ get_type: 1 }, piece)).toEqual([]);
    const whole = { ...piece, recorded: [...piece.recorded, 'put_type'] };
    expect(missing({ get_type: 1 }, { ...whole, incomplete: ['put_type'] })).toEqual([
      'put_type events were left out of this piece',
    ]);
    expect(missing({ get_type: 1 }, { ...piece, recorded: [...piece.recorded, 'put_type'] })).toEqual([]);
  });

  test('are not those of which a piece lacks some events', () => {
    const counts = { get_page: 2, alloc_ref_drop: 1 };
    const piece = { of: 'whole', fromSeq: 0, toSeq: 3, snapshots: 0, recorded: [], incomplete: ['get_page'] };
    const { undecided } = decidableRules(RULES, { counts, piece } as never);
    expect(undecided.find(({ rule }) => rule.id === 'refcount.leak')).toMatchObject({
      missing: [],
      reason: 'get_page events were left out of this piece',
    });
  });
});
