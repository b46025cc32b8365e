import { describe, expect, it } from 'vitest';
import { SCENARIOS } from '../../src/index.js';
import { type Event, inTrueOrder, recorded, wrongCounts, wrongLookups } from './true-order.js';

const EARLY = ['lock_wait', 'lock_release', 'put_gfn', 'page_free'];
const NAMES = Object.keys(SCENARIOS);
const events = 20_000;
const kinds = (trace: readonly Event[], kind: string) => trace.filter(event => event.kind === kind);

describe.each(NAMES)('the workload %s', scenario => {
  const trace = recorded({ scenario, events, seed: 8 });
  const truth = inTrueOrder(trace);

  it('is right in the order in which it happened', () => {
    expect(wrongCounts(truth)).toBe(0);
    expect(wrongLookups(truth)).toBe(0);
  });

  it('is recorded in windows: not before an event happens, nor after the next one of its pcpu', () => {
    const last = new Map<number, Event>();
    for (const event of trace) {
      const before = last.get(event.pcpu);
      if (before !== undefined) expect(before.tsc).toBeLessThanOrEqual(event.happened);
      expect(event.tsc).toBeGreaterThanOrEqual(event.happened);
      if (EARLY.includes(event.kind)) expect(event.tsc).toBe(event.happened);
      last.set(event.pcpu, event);
    }
    expect(trace.some(({ tsc, happened }) => tsc > happened + 10_000)).toBe(true);
  });

  // What was put off is flushed before the frame is anybody's again.
  it('gives no frame away that TLBs still know', () => {
    const stale = new Map<unknown, unknown>();
    const maps = new Map<string, unknown>();
    let early = 0;
    for (const { kind, domid, gfn, mfn, flags } of truth) {
      const key = `${domid} ${gfn}`;
      if (kind === 'set_entry' && flags === undefined) {
        if (maps.get(key) !== undefined) stale.set(maps.get(key), domid);
        maps.set(key, mfn);
      }
      if (kind === 'tlb_flush') for (const [frame, of] of stale) if (of === domid) stale.delete(frame);
      if (kind === 'page_free' && stale.has(mfn)) early++;
      if (kind === 'page_alloc') expect(stale.has(mfn)).toBe(false);
    }
    expect(early).toBeGreaterThan(0);
    expect(kinds(trace, 'tlb_flush_deferred').length).toBeGreaterThan(0);
  });
});

describe('a workload', () => {
  it('contradicts itself now and then, as recorded', () => {
    const traces = [1, 2, 3, 4].map(seed => recorded({ scenario: 'lookups', events, seed }));
    const prompt = recorded({ scenario: 'lookups', events, seed: 1, late: 0 });
    expect(traces.reduce((sum, trace) => sum + wrongCounts(trace), 0)).toBeGreaterThan(0);
    expect(traces.reduce((sum, trace) => sum + wrongLookups(trace), 0)).toBeGreaterThan(0);
    expect(wrongCounts(prompt)).toBe(0);
  });

  it('has clocks that are apart by a constant, as far as is asked for', () => {
    const trace = recorded({ scenario: 'mixed', events: 5000, seed: 8, skew: 20_000 });
    const skews = [0, 1, 2, 3].map(pcpu => {
      const early = trace.filter(event => event.pcpu === pcpu && EARLY.includes(event.kind));
      return [...new Set(early.map(({ tsc, happened }) => tsc - happened))];
    });
    expect(skews.map(({ length }) => length)).toEqual([1, 1, 1, 1]);
    expect(skews[0]).toEqual([0]);
    expect(skews.slice(1).every(([skew]) => skew !== 0 && Math.abs(skew) <= 20_000)).toBe(true);
    expect(trace.every(({ tsc }, i) => i === 0 || tsc >= trace[i - 1].tsc)).toBe(true);
  });

  it('has writes that fail: the entry stays, and stock records tell of other ones', () => {
    const trace = inTrueOrder(recorded({ scenario: 'pod', events, seed: 8 }));
    const failed = trace.filter(({ kind, rc }) => kind === 'set_entry' && rc === -12);
    expect(new Set(failed.map(({ p2m_type: type }) => type))).toEqual(new Set(['invalid', 'populate_on_demand']));
    const types = new Map<string, unknown>();
    for (const { kind, domid, gfn, p2m_type: type, flags } of trace) {
      if (kind === 'set_entry' && flags === undefined) types.set(`${domid} ${gfn}`, type);
      if (kind === 'pod_zero_reclaim') expect(types.get(`${domid} ${gfn}`)).toBe('populate_on_demand');
    }
    expect(kinds(trace, 'pod_zero_reclaim').length).toBeGreaterThan(0);
  });

  it('has the attempt of each write, or of none, right before its result or the flush that it puts off', () => {
    const shares = [1, 2, 3, 4, 5, 6, 7, 8].map(seed => {
      const trace = inTrueOrder(recorded({ scenario: 'pod', events: 2000, seed }));
      const isAttempt = ({ kind, flags }: Event) => kind === 'set_entry' && (flags as string[])?.includes('attempt');
      const last = new Map<number, Event>();
      let tried = 0;
      for (const event of trace) {
        const before = last.get(event.pcpu);
        if (before !== undefined && isAttempt(before)) {
          tried++;
          expect(['set_entry', 'tlb_flush_deferred']).toContain(event.kind);
          expect(event.domid).toBe(before.domid);
        }
        last.set(event.pcpu, event);
      }
      return tried / kinds(trace, 'set_entry').length;
    });
    expect(new Set(shares)).toEqual(new Set([0, 0.5]));
  });

  it('counts a type reference for each that shares, and one for PGT_locked', () => {
    const trace = inTrueOrder(recorded({ scenario: 'sharing', events, seed: 8 }));
    const members = new Map<unknown, number>();
    let locked = 0;
    for (const { kind, mfn, type_info: info } of trace) {
      if (kind === 'page_alloc') members.set(mfn, 0);
      // The type is taken before the rmap has the member, and put behind it.
      if (kind === 'get_type' || kind === 'put_type') {
        const isLocked = (BigInt(info as string) >> 60n) & 1n;
        locked += Number(isLocked);
        members.set(mfn, (members.get(mfn) ?? 0) + (kind === 'get_type' ? 1 : -1));
        expect(Number(BigInt(info as string) & 0xffffn)).toBe(members.get(mfn)! + Number(isLocked));
      }
    }
    expect(locked).toBeGreaterThan(0);
    expect(kinds(trace, 'unshare').length).toBeGreaterThan(0);
  });

  it('has a pool that frees pages at any count, which never had PGC_allocated or an owner', () => {
    const trace = recorded({ scenario: 'shadow', events, seed: 8 });
    const pool = kinds(trace, 'page_alloc').filter(({ owner }) => owner === undefined);
    const counts = trace.filter(({ kind, owner }) => kind === 'put_page' && owner === undefined);
    expect(pool.length).toBeGreaterThan(0);
    expect(new Set(counts.map(({ count_info: info }) => info)).size).toBe(4);
  });

  it('has a pager that finds nothing but holes in a dying guest', () => {
    const trace = inTrueOrder(recorded({ scenario: 'paging', events, seed: 8 }));
    const owners = new Map<unknown, number>();
    const types = new Set<unknown>();
    for (const { kind, domid, mfn, p2m_type: type, pcpu } of trace) {
      if (kind === 'domain_create') owners.set(domid, pcpu);
      if (kind !== 'lookup' || (domid as number) < 0x2000 || owners.get(domid) === pcpu) continue;
      types.add(type);
      expect(mfn).toBeUndefined();
    }
    expect([...types].sort()).toEqual(['invalid', 'mmio_dm', 'ram_paged']);
    expect(kinds(trace, 'domain_destroy').length).toBeGreaterThan(0);
  });
});
