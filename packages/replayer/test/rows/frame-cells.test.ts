import { ACCESS_TYPES, BatchMemory, P2M_TYPES, type TraceReader } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CELL_FREE,
  CELL_NOBODY,
  type CellValue,
  p2mCells,
  p2mRows,
  pageCells,
  pageRows,
  Replayer,
  STATE_COLUMNS,
  TILE_CELLS,
} from '../../src/index.js';
import { arbitraryEvents } from '../support/arbitrary-events.js';
import { entry } from '../support/state-of.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();

async function replayed(events: readonly object[]): Promise<{ state: Replayer; reader: TraceReader }> {
  const reader = await traceOf(events);
  const state = new Replayer(reader);
  for (const info of reader.batches) state.apply(reader.read(info, STATE_COLUMNS, new BatchMemory()), 0, info.rows);
  return { state, reader };
}

const ofHost = (state: Replayer, value: CellValue, tiles: readonly number[] = [0], cell = 1) =>
  p2mCells(state, state.p2ms[0], { cell, tiles, value });
const ofMachine = (state: Replayer, value: CellValue, tiles: readonly number[] = [0], cell = 1) =>
  pageCells(state, { cell, tiles, value });

describe('a frame of the machine', () => {
  const alloc = { kind: 'page_alloc', mfn: 5, order: 0, owner: 1 };
  const takeType = { kind: 'get_type', mfn: 5, type_info: '0xe400000000000001' };

  it('is as old as its last change of the type, too', async () => {
    const { state } = await replayed([alloc, takeType, { kind: 'get_page', mfn: 6 }]);
    expect(ofMachine(state, 'age').value[5]).toBe(1);
    expect(ofMachine(state, 'owner').seq[5]).toBe(1);
  });

  it('has no age from before a loss', async () => {
    const lost = { kind: 'lost', pcpu: 0, count: 3, first_tsc: 1 };
    const { state } = await replayed([alloc, takeType, lost, { kind: 'owner_set', mfn: 5, owner: 2 }]);
    expect(ofMachine(state, 'owner').value[5]).toBe(2);
    expect(ofMachine(state, 'age').value[5]).toBeNaN();
  });

  it('that is allocated, to whom nobody told, has no owner that is known', async () => {
    const { state } = await replayed([
      { kind: 'snapshot', mfn: 5, flags: ['allocated'] },
      { kind: 'snapshot', mfn: 6, flags: ['allocated', 'unowned'] },
      { kind: 'snapshot', mfn: 7, flags: ['free'] },
      entry(5, 5),
    ]);
    expect([...ofMachine(state, 'owner').value.subarray(5, 8)]).toEqual([Number.NaN, CELL_NOBODY, CELL_FREE]);
    expect(ofHost(state, 'owner').value[5]).toBeNaN();
  });
});

it('entries of 1 TiB take the time of the pages that are known', async () => {
  const { state } = await replayed([
    { kind: 'page_alloc', mfn: 2 ** 28 + 3, order: 0, owner: 7 },
    ...Array.from({ length: 4 }, (_, i) => entry(i * 2 ** 28, i * 2 ** 28, 'ram_rw', { order: 28 })),
  ]);
  const began = process.cpuUsage();
  // Frame by frame these would be 2^32.
  const { value, seq } = ofHost(state, 'owner', [0, 1], 2 ** 20);
  expect(process.cpuUsage(began).user).toBeLessThan(5e6);
  const known = [...value.keys()].filter(i => !Number.isNaN(value[i]));
  expect(known).toEqual([2 ** 8]);
  expect(value[2 ** 8]).toBe(7);
  expect([...new Set(seq.subarray(0, 1024))]).toEqual([1, 2, 3, 4]);
});

it('a change of types cuts entries where it begins and ends, however large they are', async () => {
  const change = { kind: 'type_change_range', domid: 1, p2m_type: 'ram_logdirty', gfn: 3, end: 2 ** 30 + 2 ** 20 };
  const { state } = await replayed([
    ...Array.from({ length: 8 }, (_, i) => entry(i * 2 ** 28, i * 2 ** 28, 'ram_rw', { order: 28 })),
    change,
  ]);
  const [rw, logdirty] = ['ram_rw', 'ram_logdirty'].map(name => P2M_TYPES.indexOf(name as 'ram_rw'));
  const began = process.cpuUsage();
  const wide = ofHost(state, 'type', [0, 1], 2 ** 20).value;
  expect(process.cpuUsage(began).user).toBeLessThan(5e6);
  const changed = Array.from({ length: 2048 }, (_, i) => (i < 1025 ? logdirty : rw));
  expect([...wide]).toEqual(changed);
  expect([...ofHost(state, 'type').value.subarray(0, 5)]).toEqual([rw, rw, rw, logdirty, logdirty]);
});

it('tiles may be as far apart as frames are', async () => {
  const far = 2 ** 50;
  const { state } = await replayed([entry(far, 9), { kind: 'page_alloc', mfn: far, order: 0, owner: 1 }]);
  const tiles = [far / TILE_CELLS, 0];
  expect(ofHost(state, 'age', tiles).value.subarray(0, 2)).toEqual(Float64Array.of(0, Number.NaN));
  expect(ofMachine(state, 'age', tiles).value.subarray(0, 2)).toEqual(Float64Array.of(1, Number.NaN));
});

describe('of any events', () => {
  /** Frames that the events are about, of a tile each, and one that they are not. */
  const TILES = [0, 255, 3, 256, 2 ** 26];
  const change = fc.record({
    kind: fc.constant('type_change_range'),
    domid: fc.constant(1),
    gfn: fc.constantFrom(0, 0x11, 0x1f0),
    end: fc.constantFrom(0x200, 0x3ff, 0x4_0001),
    p2m_type: fc.constant('ram_logdirty'),
  });

  /** For a cell of each frame, what `frames` says of it. */
  const cellsOf = (frames: ReadonlyMap<number, number | null>): number[] =>
    TILES.flatMap(tile =>
      Array.from({ length: TILE_CELLS }, (_, i) => frames.get(tile * TILE_CELLS + i) ?? Number.NaN),
    );

  it('cells say what rows say, frame by frame', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryEvents, fc.array(change, { maxLength: 3 }), async (events, changes) => {
        const { state, reader } = await replayed([...events, ...changes]);
        const pages = new Map([...pageRows(state)].map(row => [row.mfn, row]));
        const ownerOf = (mfn: number): number | null => {
          const page = pages.get(mfn);
          return page?.state === 'free' ? CELL_FREE : (page?.owner ?? null);
        };
        const owners = ofMachine(state, 'owner', TILES).value.map(owner =>
          owner === CELL_NOBODY ? Number.NaN : owner,
        );
        expect([...owners]).toEqual(cellsOf(new Map([...pages.keys()].map(mfn => [mfn, ownerOf(mfn)]))));
        const counts = [...pages].map(([mfn, { count }]) => [mfn, count === null ? null : Number(count)] as const);
        expect([...ofMachine(state, 'references', TILES).value]).toEqual(cellsOf(new Map(counts)));
        for (const table of state.p2ms) {
          const maps = { type: new Map(), access: new Map(), age: new Map(), owner: new Map() };
          const view = reader.names.view[table.view];
          for (const row of p2mRows(state, reader.names, { domid: table.domid, view })) {
            for (let at = row.gfn; at < row.gfn + 2 ** row.order; at++) {
              if (!TILES.includes(Math.floor(at / TILE_CELLS))) continue;
              maps.type.set(at, P2M_TYPES.indexOf(row.p2m_type as 'ram_rw'));
              maps.access.set(at, row.access === null ? null : ACCESS_TYPES.indexOf(row.access as 'rwx'));
              maps.age.set(at, row.set_seq);
              if (row.mfn !== null) maps.owner.set(at, ownerOf(row.mfn + at - row.gfn));
            }
          }
          for (const name of ['type', 'access', 'age', 'owner'] as const) {
            const { value } = p2mCells(state, table, { cell: 1, tiles: TILES, value: name });
            const shown = value.map(one => (name === 'owner' && one === CELL_NOBODY ? Number.NaN : one));
            expect([name, ...shown]).toEqual([name, ...cellsOf(maps[name])]);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});
