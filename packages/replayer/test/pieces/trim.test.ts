import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { TraceReader } from '@p2mtrace/trace-format';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../../trace-format/test/support/temp-dir.js';
import {
  EventReader,
  type PieceFilter,
  parsePosition,
  rangeBetween,
  rangesOfEvents,
  rangesOfTime,
  replay,
  splitByFilter,
  splitTrace,
  trimTrace,
} from '../../src/index.js';
import { traceMaker } from '../support/trace-of.js';

const makeTrace = traceMaker();
const path = tempDir();

/** Events of a trace, but for their seqs. */
function eventsOf(trace: string): object[] {
  const reader = TraceReader.open(trace);
  const events = new EventReader(reader);
  const all = Array.from({ length: reader.rows }, (_, seq) => {
    const { seq: _seq, ...event } = events.at(seq) ?? { seq };
    return event;
  });
  reader.close();
  return all;
}

function metadataOf(trace: string) {
  const reader = TraceReader.open(trace);
  reader.close();
  return reader.metadata;
}

/** Values of the marks that a piece has. */
function marksOf(trace: string): unknown[] {
  return eventsOf(trace).flatMap(event => ('value' in event ? [event.value] : []));
}

describe('a piece', () => {
  test('begins with what is known there, each under the columns of its kind, and goes on with the events', async () => {
    const reader = await makeTrace([
      { kind: 'set_entry', tsc: 100, domid: 1, gfn: 0x10, mfn: 0x900, order: 0, p2m_type: 'ram_rw', access: 'rwx' },
      { kind: 'page_alloc', tsc: 101, mfn: 0x900, order: 0, owner: 1 },
      { kind: 'm2p_set', tsc: 102, mfn: 0x900, gfn: 0x10 },
      { kind: 'sched_switch', tsc: 103, pcpu: 2, domid: 1, vcpu: 0, runstate: 0 },
      { kind: 'lock_acquire', tsc: 104, pcpu: 2, lock: '0x40', lock_class: 'p2m', level: 16, mode: 'write', depth: 1 },
      { kind: 'set_entry', tsc: 105, domid: 1, gfn: 0x10, order: 0, p2m_type: 'invalid' },
      { kind: 'page_free', tsc: 106, mfn: 0x900, order: 0 },
    ]);
    const piece = trimTrace(reader, path('piece.arrow'), { from: 5, to: 6 });
    expect(piece).toEqual({
      path: path('piece.arrow'),
      range: { from: 5, to: 6 },
      snapshots: 7,
      events: 1,
      incomplete: [],
    });
    // The TSC of the event before, as inherited.
    const at = { tsc: 104, tsc_own: false };
    expect(eventsOf(piece.path)).toEqual([
      {
        kind: 'snapshot',
        ...at,
        domid: 1,
        view: 'host',
        gfn: '0x10',
        mfn: '0x900',
        order: 0,
        p2m_type: 'ram_rw',
        access: 'rwx',
      },
      { kind: 'snapshot_m2p', ...at, mfn: '0x900', gfn: '0x10' },
      // Allocated in this trace, once: PGC_allocated and one reference.
      {
        kind: 'snapshot',
        ...at,
        mfn: '0x900',
        owner: 1,
        count_info: '0x8000000000000001',
        type_info: '0x0',
        flags: ['allocated'],
        generation: '0x1',
      },
      { kind: 'snapshot_vcpu', ...at, pcpu: 2, domid: 1, vcpu: '0x0' },
      { kind: 'snapshot', ...at, pcpu: 2, lock: '0x40', lock_class: 'p2m', level: 16, mode: 'write', depth: 1 },
      { kind: 'snapshot_lock', ...at, pcpu: 2, lock: '0x40', level: 0, depth: 1 },
      { kind: 'snapshot_level', ...at, pcpu: 2, level: 16 },
      { kind: 'set_entry', tsc: 105, domid: 1, gfn: '0x10', order: 0, p2m_type: 'invalid' },
    ]);
    expect(metadataOf(piece.path).piece).toEqual({
      of: expect.stringMatching(/\.arrow$/),
      fromSeq: 5,
      toSeq: 6,
      snapshots: 7,
      recorded: ['set_entry', 'm2p_set', 'page_alloc', 'page_free', 'lock_acquire', 'sched_switch'],
    });
  });

  test('keeps who holds a lock, by a symbol without an address too', async () => {
    const held = { pcpu: 2, lock: '0x40', lock_class: 'p2m', level: 16, mode: 'write', depth: 1 };
    const reader = await makeTrace([
      { kind: 'lock_acquire', ...held, symbol: 'p2m_lock' },
      { kind: 'put_gfn', domid: 1, gfn: 1 },
    ]);
    const piece = trimTrace(reader, path('held.arrow'), { from: 1, to: 2 });
    expect(eventsOf(piece.path)[0]).toEqual({ kind: 'snapshot', ...held, symbol: 'p2m_lock' });
  });

  test('of another piece begins where that does, and is a piece of it', async () => {
    const entry = (gfn: number) => ({ kind: 'set_entry', domid: 1, gfn, mfn: gfn + 7, order: 0, p2m_type: 'ram_rw' });
    const reader = await makeTrace([entry(1), entry(2), entry(3)]);
    trimTrace(reader, path('first.arrow'), { from: 1, to: 3 });
    const first = TraceReader.open(path('first.arrow'));
    trimTrace(first, path('second.arrow'), { from: 2, to: 3 });
    first.close();
    const second = TraceReader.open(path('second.arrow'));
    expect(second.metadata.piece).toMatchObject({ of: 'first.arrow', fromSeq: 2, toSeq: 3, snapshots: 2 });
    const rows = [...replay(second, { index: false }).at('end').p2mRows()];
    expect(rows.map(({ gfn, set_seq }) => [gfn, set_seq])).toEqual([
      [1, null],
      [2, null],
      [3, 2],
    ]);
    second.close();
  });

  test('may be of no event: all that is known at a point', async () => {
    const reader = await makeTrace([{ kind: 'm2p_set', mfn: 5 }]);
    expect(trimTrace(reader, path('none.arrow'), { from: 1, to: 1 })).toMatchObject({ snapshots: 1, events: 0 });
    expect(eventsOf(path('none.arrow'))).toEqual([{ kind: 'snapshot_m2p', mfn: '0x5' }]);
  });

  test('of chosen events has those, and says of which kinds it lacks some', async () => {
    const reader = await makeTrace([1, 2, 3, 4].map(value => ({ kind: 'mark', value })));
    const keep = (seq: number) => seq !== 2;
    expect(trimTrace(reader, path('kept.arrow'), { from: 1, to: 4 }, { keep }).incomplete).toEqual(['mark']);
    expect(marksOf(path('kept.arrow'))).toEqual(['0x2', '0x4']);
    expect(metadataOf(path('kept.arrow')).piece?.incomplete).toEqual(['mark']);
  });
});

describe('counters', () => {
  test('are of the events of the piece; what they count up to goes on', async () => {
    const populate = (gfn: number) => ({ kind: 'pod_populate', domid: 1, gfn, mfn: gfn + 0x100, order: 0 });
    const reader = await makeTrace([
      { kind: 'pod_cache_add', domid: 1, mfn: 0x800, order: 9, count: 512, entry_count: 512 },
      populate(1),
      populate(2),
      populate(3),
    ]);
    trimTrace(reader, path('counted.arrow'), { from: 2, to: 4 });
    const piece = TraceReader.open(path('counted.arrow'));
    const [row] = replay(piece, { index: false }).at('end').podRows();
    expect(row).toMatchObject({ count: 512, entry_count: 509, cached: 512, populated: { 0: 2 } });
    piece.close();
  });
});

/** No two are alike. */
const EVENTS = [
  { kind: 'page_alloc', pcpu: 0, mfn: 0x900, order: 0, owner: 1 },
  { kind: 'page_alloc', pcpu: 0, mfn: 0x901, order: 0, owner: 2 },
  { kind: 'set_entry', pcpu: 1, domid: 1, gfn: 1, mfn: 0x900, order: 0, p2m_type: 'ram_rw' },
  { kind: 'set_entry', pcpu: 1, domid: 2, gfn: 2, mfn: 0x901, order: 0, p2m_type: 'ram_rw' },
  // About frames, and naming nobody: 1's, 2's, and one of which nobody is known to own it.
  { kind: 'put_page', pcpu: 0, mfn: 0x900 },
  { kind: 'put_page', pcpu: 0, mfn: 0x901 },
  { kind: 'put_page', pcpu: 0, mfn: 0x902 },
  // Domain 2 maps what 1 grants.
  { kind: 'grant_map', pcpu: 1, domid: 2, owner: 1, handle: 3 },
  // Done by 1, to 2; done by 2, to nobody; done by nobody known.
  { kind: 'lookup', pcpu: 1, cur_domid: 1, cur_vcpu: 0, domid: 2, gfn: 2, mfn: 0x901, p2m_type: 'ram_rw' },
  { kind: 'lock_acquire', pcpu: 1, cur_domid: 2, cur_vcpu: 0, lock: '0x40', mode: 'mutex' },
  { kind: 'lock_release', pcpu: 1, lock: '0x40', mode: 'mutex' },
  { kind: 'sched_switch', pcpu: 0, domid: 2, vcpu: 0, runstate: 0 },
  { kind: 'mark', value: 1 },
];

describe('pieces by domain and pcpu', () => {
  const has = async (filter: PieceFilter) => {
    const reader = await makeTrace(EVENTS);
    trimTrace(reader, path('some.arrow'), { from: 0, to: EVENTS.length }, filter);
    const own = eventsOf(path('some.arrow')).map(event => JSON.stringify(event));
    const all = eventsOf(reader.path).map(event => JSON.stringify(event));
    return all.flatMap((event, seq) => (own.includes(event) ? [seq] : []));
  };

  test.each([
    ['domain 1', { domains: [1] }, [0, 2, 4, 6, 7, 8, 10, 11, 12]],
    ['domain 2', { domains: [2] }, [1, 3, 5, 6, 7, 8, 9, 10, 11, 12]],
    ['domains 1 and 2', { domains: [1, 2] }, EVENTS.map((_, seq) => seq)],
    ['pcpu 0', { pcpus: [0] }, [0, 1, 4, 5, 6, 11, 12]],
    ['pcpu 1', { pcpus: [1] }, [2, 3, 7, 8, 9, 10, 12]],
    ['domain 1 on pcpu 0', { domains: [1], pcpus: [0] }, [0, 4, 6, 11, 12]],
  ])('%s', async (_, filter, seqs) => {
    expect(await has(filter)).toEqual(seqs);
  });

  test('begin with what may concern them', async () => {
    const reader = await makeTrace(EVENTS);
    trimTrace(reader, path('late.arrow'), { from: 12, to: 13 }, { domains: [1] });
    const piece = TraceReader.open(path('late.arrow'));
    const { replayer } = replay(piece, { index: false }).at('end');
    expect(replayer.p2ms.map(({ domid }) => domid)).toEqual([1]);
    const mfns = [...replay(piece, { index: false }).at('end').pageRows()].map(({ mfn }) => mfn);
    expect(mfns).toEqual([0x900]);
    piece.close();
  });

  test('report no mismatch: what they lack may explain it', async () => {
    const entry = { kind: 'set_entry', domid: 1, gfn: 1, mfn: 0x900, order: 0, p2m_type: 'ram_rw' };
    const reader = await makeTrace([
      { ...entry, pcpu: 0 },
      { ...entry, pcpu: 1, mfn: 0x901 },
      { kind: 'lookup', pcpu: 0, domid: 1, gfn: 1, mfn: 0x901, p2m_type: 'ram_rw' },
    ]);
    trimTrace(reader, path('pcpu.arrow'), { from: 0, to: 3 }, { pcpus: [0] });
    const piece = TraceReader.open(path('pcpu.arrow'));
    const state = replay(piece, { index: false }).at('end');
    expect([...state.divergences()]).toEqual([]);
    expect(state.replayer.suppressed).toBe(1);
    expect(state.entry(1, 'host', 1)).toMatchObject({ mfn: 0x901 });
    piece.close();
  });
});

describe('ranges', () => {
  const MARKS = [1000, 1100, 1200, 1900, 1900].map((tsc, i) => ({ kind: 'mark', value: i, tsc }));

  test('of events', async () => {
    const reader = await makeTrace(MARKS);
    const starts = (events: number) => rangesOfEvents(reader, events).map(({ from, to }) => [from, to]);
    expect(starts(2)).toEqual([
      [0, 2],
      [2, 4],
      [4, 5],
    ]);
    expect(starts(5)).toEqual([[0, 5]]);
    expect(starts(9)).toEqual([[0, 5]]);
  });

  test('of time begin behind multiples of it, and none is empty', async () => {
    const reader = await makeTrace(MARKS);
    // 1 GHz: a tick is a nanosecond.
    const cuts = (ns: bigint) => rangesOfTime(reader, ns, 1e9).map(({ from }) => from);
    expect(cuts(100n)).toEqual([0, 2, 3]);
    expect(cuts(99n)).toEqual([0, 1, 2, 3]);
    expect(cuts(200n)).toEqual([0, 3]);
    expect(cuts(900n)).toEqual([0]);
    expect(() => rangesOfTime(reader, 1n, 1e8)).toThrow(expect.objectContaining({ code: 'P2M_PIECES' }));
  });

  test('between positions have the events that are named, and meet where they meet', async () => {
    const reader = await makeTrace(MARKS);
    const between = (from: string, to: string) => rangeBetween(reader, parsePosition(from), parsePosition(to), 1e9);
    expect(between('#1', '#3')).toEqual({ from: 1, to: 4 });
    expect(between('start', '+100ns')).toEqual({ from: 0, to: 2 });
    expect(between('+100ns', 'end')).toEqual({ from: 2, to: 5 });
    expect(between('end', 'end')).toEqual({ from: 5, to: 5 });
    expect(() => between('#3', '#1')).toThrow(expect.objectContaining({ code: 'P2M_RANGE' }));
  });
});

describe('files', () => {
  test('appear all, or not at all', async () => {
    const reader = await makeTrace([1, 2, 3].map(value => ({ kind: 'mark', value })));
    mkdirSync(path('some'));
    const fails = (pathOf: (i: number) => string) => () => splitTrace(reader, rangesOfEvents(reader, 1), pathOf);
    const write = expect.objectContaining({ code: 'P2M_WRITE', blame: 'usage' });
    expect(fails(i => (i === 2 ? path('nowhere/2') : path(`some/${i}`)))).toThrow(write);
    expect(readdirSync(path('some'))).toEqual([]);
    const specs = [path('some/a'), path('nowhere/b')].map(file => ({ path: file, filter: { pcpus: [0] } }));
    expect(() => splitByFilter(reader, specs)).toThrow(write);
    expect(readdirSync(path('some'))).toEqual([]);
  });

  test('that are there are replaced only by whole ones', async () => {
    const reader = await makeTrace([1, 2].map(value => ({ kind: 'mark', value })));
    trimTrace(reader, path('old.arrow'), { from: 0, to: 1 });
    const pathOf = (i: number) => (i === 0 ? path('old.arrow') : path('nowhere/1'));
    expect(() => splitTrace(reader, rangesOfEvents(reader, 1), pathOf)).toThrow();
    expect(marksOf(path('old.arrow'))).toEqual(['0x1']);
    trimTrace(reader, path('old.arrow'), { from: 1, to: 2 });
    expect(marksOf(path('old.arrow'))).toEqual(['0x2']);
    expect(existsSync(`${path('old.arrow')}.whole`)).toBe(false);
  });
});
