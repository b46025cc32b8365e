import { describe, expect, test } from 'vitest';
import { replay } from '../src/index.js';
import { traceMaker } from './support/trace-of.js';

const makeTrace = traceMaker();

/** gfn 0x10 maps mfn 0x100, then 0x200, then nothing. */
const REMAPPED = [
  { kind: 'set_entry', domid: 1, gfn: 0x10, mfn: 0x100, order: 0, p2m_type: 'ram_rw' },
  { kind: 'set_entry', domid: 1, gfn: 0x10, mfn: 0x200, order: 0, p2m_type: 'ram_rw' },
  { kind: 'set_entry', domid: 1, gfn: 0x10, mfn: null, order: 0, p2m_type: 'invalid' },
];

describe('standing at a point of a trace', () => {
  test('forward and back, by seq, by text, by position', async () => {
    const trace = replay(await makeTrace(REMAPPED));
    const mfnAt = (position: Parameters<typeof trace.at>[0]) => {
      const entry = trace.at(position).entry(1, 'host', 0x10);
      return entry.known === 'entry' ? entry.mfn : entry.known;
    };
    expect([trace.start, trace.end]).toEqual([-1, 2]);
    expect([2, 0, 1, trace.start, '#1', 'end'].map(mfnAt)).toEqual([null, 0x100, 0x200, 'unknown', 0x200, null]);
    expect(mfnAt({ at: 'start' })).toBe('unknown');
    expect(trace.at(1).seq).toBe(1);
  });

  test('an event that the trace does not have', async () => {
    const trace = replay(await makeTrace(REMAPPED));
    for (const position of [3, -2, 0.5, Number.NaN]) {
      expect(() => trace.at(position)).toThrow(expect.objectContaining({ code: 'P2M_POSITION' }));
    }
  });

  test('a view is an error once its replay has moved on, in the middle of its rows too', async () => {
    const trace = replay(await makeTrace(REMAPPED));
    const before = trace.at(0);
    const rows = before.p2mRows();
    expect(rows.next().value?.mfn).toBe(0x100);
    const now = trace.at(1);
    const stale = expect.objectContaining({ code: 'P2M_STALE_VIEW' });
    expect(() => before.entry(1, 'host', 0x10)).toThrow(stale);
    expect(() => rows.next()).toThrow(stale);
    expect(now.mappings(0x200)).toEqual([{ domid: 1, view: 'host', gfn: 0x10 }]);
    trace.close();
    expect(() => now.page(0x100)).toThrow(stale);
  });

  test('pages, M2P, locks and who runs where', async () => {
    const trace = replay(
      await makeTrace([
        { kind: 'page_alloc', mfn: 0x100, order: 0, owner: 1 },
        { kind: 'm2p_set', mfn: 0x100, gfn: 0x10 },
        { kind: 'sched_switch', pcpu: 3, domid: 1, vcpu: 2, runstate: 0 },
        { kind: 'lock_acquire', pcpu: 3, lock: '0x10', lock_class: 'p2m', level: 16, mode: 'write', depth: 1 },
      ]),
    );
    const view = trace.at('end');
    expect(view.page(0x100)).toMatchObject({ owner: 1, count: 1n, count_seq: 0, state: 'allocated', generation: 1 });
    expect(view.page(0x9999)).toMatchObject({ owner: null, count: null, count_info: null, state: 'unknown' });
    expect([view.m2p(0x100), view.m2p(0x101)]).toEqual([0x10, null]);
    expect([view.running(3), view.running(0)]).toEqual([{ domid: 1, vcpu: 2 }, null]);
    expect(view.lock(0)).toEqual({ holder: 3, depth: 1 });
    expect(view.held(3)).toMatchObject([{ class: 'p2m', since_seq: 3 }]);
    expect(view.held(7)).toEqual([]);
    expect(trace.at(0).lock(0)).toEqual({ holder: null, depth: null });
  });
});
