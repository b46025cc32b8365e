import type { TraceReader } from '@p2mtrace/trace-format';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  divergenceRows,
  lockRows,
  m2pRows,
  p2mRows,
  p2mRuns,
  p2mSummaries,
  pageRows,
  pageSummary,
  replayTrace,
  type XenState,
} from '../src/index.js';
import { traceMaker } from './support/trace-of.js';

const traceOf = traceMaker();
const entry = (gfn: string, mfn: string | null, p2m_type = 'ram_rw', more: object = {}) => ({
  kind: 'set_entry',
  domid: 1,
  gfn,
  order: 0,
  p2m_type,
  ...(mfn === null ? {} : { mfn }),
  ...more,
});

/** The number of each is its seq. */
const EVENTS = [
  /* 0 */ entry('0x200', '0x1000', 'ram_rw', { order: 9, access: 'rwx' }),
  /* 1 */ entry('0x10', '0x100'),
  /* 2 */ entry('0x11', '0x101'),
  /* 3 */ entry('0x12', '0x200'),
  /* 4 */ entry('0x13', null, 'populate_on_demand'),
  /* 5 */ entry('0x14', null, 'populate_on_demand'),
  /* 6 */ entry('0x99', '0x100', 'ram_ro', { domid: 2, view: 'altp2m:1' }),
  /* 7 */ { kind: 'm2p_set', mfn: '0x100', gfn: '0x10' },
  /* 8 */ { kind: 'm2p_set', mfn: '0x300' },
  /* 9 */ { kind: 'm2p_set', mfn: '0x301', flags: ['shared'] },
  /* 10 */ { kind: 'page_alloc', mfn: '0x100', order: 0, owner: 1 },
  // PGC_allocated is bit 63 (docs/format.md#page_info-layouts).
  /* 11 */ { kind: 'get_page', mfn: '0x100', owner: 1, count_info: '0x8000000000000002' },
  // Type 7 (writable) from bit 61 on, PGT_validated is bit 58 (layout P6, docs/format.md#page_info-layouts).
  /* 12 */ { kind: 'get_type', mfn: '0x100', type_info: '0xe400000000000001' },
  /* 13 */ { kind: 'page_alloc', mfn: '0x400', order: 0 },
  /* 14 */ { kind: 'page_free', mfn: '0x400', order: 0 },
  /* 15 */ {
    kind: 'lock_acquire',
    pcpu: 1,
    lock: '0xffff83013753e630',
    lock_class: 'p2m',
    level: 16,
    mode: 'write',
    depth: 1,
    caller: '0xffff82d0402ed2c6',
    symbol: 'p2m_set_entry',
  },
  /* 16 */ { kind: 'lookup', domid: 1, gfn: '0x50', p2m_type: 'mmio_dm' },
  /* 17 */ { kind: 'lookup', domid: 1, gfn: '0x10', mfn: '0x999', p2m_type: 'ram_rw' },
];

let reader: TraceReader;
let replayer: XenState;
beforeAll(async () => {
  reader = await traceOf(EVENTS);
  replayer = replayTrace(reader, { until: 17 });
});

const ram = { domid: 1, view: 'host', p2m_type: 'ram_rw', access: null };
const pod = { ...ram, p2m_type: 'populate_on_demand', mfn: null };

describe('rows of the p2m', () => {
  it('are its leaves, domain by domain', () => {
    expect([...p2mRows(replayer, reader.names)]).toEqual([
      { ...ram, gfn: 0x10, order: 0, mfn: 0x100, set_seq: 1 },
      { ...ram, gfn: 0x11, order: 0, mfn: 0x101, set_seq: 2 },
      { ...ram, gfn: 0x12, order: 0, mfn: 0x200, set_seq: 3 },
      { ...pod, gfn: 0x13, order: 0, set_seq: 4 },
      { ...pod, gfn: 0x14, order: 0, set_seq: 5 },
      { ...ram, p2m_type: 'mmio_dm', gfn: 0x50, order: 0, mfn: null, set_seq: null },
      { ...ram, access: 'rwx', gfn: 0x200, order: 9, mfn: 0x1000, set_seq: 0 },
      { ...ram, domid: 2, view: 'altp2m:1', p2m_type: 'ram_ro', gfn: 0x99, order: 0, mfn: 0x100, set_seq: 6 },
    ]);
  });

  it('are filtered by domain and view', () => {
    const gfns = (filter: object) => [...p2mRows(replayer, reader.names, filter)].map(({ gfn }) => gfn);
    expect(gfns({ domid: 2 })).toEqual([0x99]);
    expect(gfns({ view: 'altp2m:1' })).toEqual([0x99]);
    expect(gfns({ domid: 2, view: 'host' })).toEqual([]);
  });

  it('make runs where gfn and mfn go on', () => {
    const runs = [...p2mRuns(p2mRows(replayer, reader.names, { domid: 1 }))];
    expect(runs).toEqual([
      { ...ram, gfn: 0x10, lastGfn: 0x11, mfn: 0x100, leaves: 2, firstSeq: 1, lastSeq: 2 },
      { ...ram, gfn: 0x12, lastGfn: 0x12, mfn: 0x200, leaves: 1, firstSeq: 3, lastSeq: 3 },
      { ...pod, gfn: 0x13, lastGfn: 0x14, leaves: 2, firstSeq: 4, lastSeq: 5 },
      { ...ram, p2m_type: 'mmio_dm', gfn: 0x50, lastGfn: 0x50, mfn: null, leaves: 1, firstSeq: null, lastSeq: null },
      { ...ram, access: 'rwx', gfn: 0x200, lastGfn: 0x3ff, mfn: 0x1000, leaves: 1, firstSeq: 0, lastSeq: 0 },
    ]);
  });

  it('are counted in frames of 4K, holes apart', () => {
    expect(p2mSummaries(replayer, reader.names)).toEqual([
      {
        domid: 1,
        view: 'host',
        frames: 3 + 2 + 512,
        by_type: { ram_rw: 515, populate_on_demand: 2 },
        holes: { mmio_dm: 1 },
      },
      { domid: 2, view: 'altp2m:1', frames: 1, by_type: { ram_ro: 1 }, holes: {} },
    ]);
  });
});

describe('rows of the M2P', () => {
  it('have every mapping of a frame, and what was recorded of it', () => {
    const rows = [...m2pRows(replayer, reader.names)];
    expect(rows.filter(({ mfn }) => mfn === 0x100)).toEqual([
      { mfn: 0x100, m2p: 0x10, m2p_seq: 7, domid: 1, view: 'host', gfn: 0x10 },
      { mfn: 0x100, m2p: 0x10, m2p_seq: 7, domid: 2, view: 'altp2m:1', gfn: 0x99 },
    ]);
    expect(rows.filter(({ mfn }) => mfn >= 0x101 && mfn < 0x1000)).toEqual([
      { mfn: 0x101, m2p: null, m2p_seq: null, domid: 1, view: 'host', gfn: 0x11 },
      { mfn: 0x200, m2p: null, m2p_seq: null, domid: 1, view: 'host', gfn: 0x12 },
      { mfn: 0x300, m2p: 'invalid', m2p_seq: 8, domid: null, view: null, gfn: null },
      { mfn: 0x301, m2p: 'shared', m2p_seq: 9, domid: null, view: null, gfn: null },
    ]);
    const large = rows.filter(({ mfn }) => mfn >= 0x1000);
    expect(large).toHaveLength(512);
    expect(large.at(-1)).toEqual({ mfn: 0x11ff, m2p: null, m2p_seq: null, domid: 1, view: 'host', gfn: 0x3ff });
  });

  it('are filtered by domain', () => {
    expect([...m2pRows(replayer, reader.names, { domid: 2 })]).toEqual([
      { mfn: 0x100, m2p: 0x10, m2p_seq: 7, domid: 2, view: 'altp2m:1', gfn: 0x99 },
    ]);
  });
});

describe('rows of pages', () => {
  it('decode what is known', () => {
    const noCount = { count: null, count_flags: null, count_info: null, count_seq: null };
    const noType = { type: null, type_count: null, type_flags: null, type_info: null };
    expect([...pageRows(replayer)]).toEqual([
      {
        mfn: 0x100,
        owner: 1,
        state: 'allocated',
        count: 2n,
        count_flags: ['allocated'],
        type: 'writable',
        type_count: 1n,
        type_flags: ['validated'],
        count_info: 0x8000000000000002n,
        type_info: 0xe400000000000001n,
        generation: 1,
        count_seq: 11,
        last_seq: 11,
      },
      { ...noCount, ...noType, mfn: 0x400, owner: null, state: 'free', generation: 1, last_seq: 14 },
    ]);
    expect([...pageRows(replayer, { domid: 1 })].map(({ mfn }) => mfn)).toEqual([0x100]);
    expect(pageSummary(replayer)).toEqual({ known: 2, allocated: 1, free: 1, counted: 1 });
  });

  it('do not know the count of a page that was allocated for nobody', () => {
    const [row] = [...pageRows(replayTrace(reader, { until: 14 }))].filter(({ mfn }) => mfn === 0x400);
    expect(row).toMatchObject({ owner: null, state: 'allocated', count: null, count_flags: null, last_seq: 13 });
  });
});

it('rows of locks tell who took them', () => {
  expect([...lockRows(replayer, reader)]).toEqual([
    {
      pcpu: 1,
      lock: '0xffff83013753e630',
      class: 'p2m',
      level: 16,
      mode: 'write',
      depth: 1,
      since_seq: 15,
      caller: '0xffff82d0402ed2c6',
      symbol: 'p2m_set_entry',
    },
  ]);
  expect([...lockRows(replayTrace(reader, { until: 15 }), reader)]).toEqual([]);
});

it('rows of divergences tell what was expected, and who wrote it', () => {
  expect([...divergenceRows(replayer, reader.names)]).toEqual([]);
  expect([...divergenceRows(replayTrace(reader), reader.names)]).toEqual([
    {
      seq: 17,
      about: 'lookup',
      domid: 1,
      gfn: 0x10,
      mfn: 0x999,
      lock: null,
      pcpu: null,
      expected: 0x100,
      seen: 0x999,
      last_seq: 1,
    },
  ]);
});
