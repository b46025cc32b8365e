import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffStates, replay, type StateChange, type StateView, summarize } from '../../src/index.js';
import { arbitraryEvents } from '../support/arbitrary-events.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();
const entry = { kind: 'set_entry', domid: 1, order: 0, p2m_type: 'ram_rw' };

/** Changes between two points of a trace, or of two. */
async function changes(events: readonly object[], from: number, to: number, other?: readonly object[]) {
  const reader = await traceOf(events);
  const [before, after] = [replay(reader), replay(other === undefined ? reader : await traceOf(other))];
  return [...diffStates(before.at(from), after.at(to))];
}

describe('what differs between two points', () => {
  it('of a p2m is told in runs, whatever the size of the leaves', async () => {
    const events = [
      { ...entry, gfn: 0x200, mfn: 0x1000, order: 9 },
      { ...entry, gfn: 0x210, mfn: 0x5000 }, // 1: the superpage splits; one frame differs
      { ...entry, gfn: 0x211, mfn: 0x5001 },
      { ...entry, gfn: 0x212, mfn: 0x1012 }, // 3: as it was
      { ...entry, gfn: 0x3ff, p2m_type: 'invalid' },
      { ...entry, gfn: 0x400, mfn: 0x7 }, // 5
    ];
    expect(await changes(events, 0, 5)).toEqual([
      {
        table: 'p2m',
        subject: { domid: 1, view: 'host', gfn: 0x210 },
        frames: 2,
        before: { mfn: 0x1010 },
        after: { mfn: 0x5000 },
      },
      {
        table: 'p2m',
        subject: { domid: 1, view: 'host', gfn: 0x3ff },
        frames: 1,
        before: { mfn: 0x11ff, p2m_type: 'ram_rw' },
        after: { mfn: null, p2m_type: 'invalid' },
      },
      {
        table: 'p2m',
        subject: { domid: 1, view: 'host', gfn: 0x400 },
        frames: 1,
        before: null,
        after: { mfn: 7, p2m_type: 'ram_rw', access: null },
      },
    ]);
  });

  it('of pages and the M2P is told in runs too', async () => {
    const events = [
      { kind: 'page_alloc', mfn: 0x200, order: 9, owner: 1 },
      { kind: 'page_free', mfn: 0x200, order: 0 },
      { kind: 'page_free', mfn: 0x201, order: 0 },
      { kind: 'get_page', mfn: 0x210 },
      ...[0, 1, 2].map(i => ({ kind: 'm2p_set', mfn: 0x300 + i, gfn: 0x10 + i })),
    ];
    expect(await changes(events, 0, 6)).toEqual([
      { table: 'm2p', subject: { mfn: 0x300 }, frames: 3, before: null, after: { m2p: 0x10 } },
      {
        table: 'pages',
        subject: { mfn: 0x200 },
        frames: 2,
        before: {
          state: 'allocated',
          owner: 1,
          count: 1n,
          count_flags: ['allocated'],
          type: 'none',
          type_count: 0n,
          type_flags: [],
        },
        after: { state: 'free' },
      },
      { table: 'pages', subject: { mfn: 0x210 }, frames: 1, before: { count: 1n }, after: { count: 2n } },
    ]);
  });

  it('tells a page that was freed and allocated again, and a lock that was taken again, in one trace only', async () => {
    const lock = { lock: '0x10', lock_class: 'p2m', mode: 'write', level: 16, pcpu: 0 };
    const events = [
      { kind: 'page_alloc', mfn: 1, order: 0, owner: 1 },
      { ...lock, kind: 'lock_acquire' },
      { kind: 'page_free', mfn: 1, order: 0 },
      { kind: 'page_alloc', mfn: 1, order: 0, owner: 1 },
      { ...lock, kind: 'lock_release' },
      { ...lock, kind: 'lock_acquire' },
    ];
    expect(await changes(events, 1, 5)).toEqual([
      { table: 'pages', subject: { mfn: 1 }, frames: 1, before: { generation: 1 }, after: { generation: 2 } },
      {
        table: 'locks',
        subject: { pcpu: 0, lock: '0x10' },
        frames: null,
        before: { since_seq: 1 },
        after: { since_seq: 5 },
      },
    ]);
    expect(await changes(events, 1, 5, events)).toEqual([]);
    expect(await changes(events, 1, 4)).toMatchObject([{ table: 'pages' }, { table: 'locks', after: null }]);
  });

  it('may be of one domain, and of some tables', async () => {
    const reader = await traceOf([
      { ...entry, gfn: 1, mfn: 1 },
      { ...entry, domid: 2, gfn: 1, mfn: 2 },
      { kind: 'page_alloc', mfn: 2, order: 0, owner: 2 },
      { kind: 'page_alloc', mfn: 3, order: 0, owner: 3 },
    ]);
    const of = (options: object) => {
      return [...diffStates(replay(reader).at('start'), replay(reader).at('end'), options)].map(
        ({ table, subject }) => [table, subject.domid ?? subject.mfn],
      );
    };
    expect(of({ domid: 2 })).toEqual([
      ['p2m', 2],
      ['pages', 2],
    ]);
    expect(of({ tables: ['pages'] })).toEqual([
      ['pages', 2],
      ['pages', 3],
    ]);
  });

  it('is what comparing frame by frame finds', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryEvents, fc.nat(), fc.nat(), async (events, a, b) => {
        const reader = await traceOf(events);
        const [before, after] = [
          replay(reader).at((a % (events.length + 1)) - 1),
          replay(reader).at((b % (events.length + 1)) - 1),
        ];
        const found = [...diffStates(before, after, { tables: ['p2m'] })];
        for (const domid of [1, 2]) {
          for (const view of ['host', 'altp2m:1']) {
            if (!reader.names.view.includes(view)) continue;
            for (const gfn of [
              0x10, 0x11, 0x12, 0x1ff, 0x200, 0x3ff, 0x3_ffff, 0x4_0000, 0x4_0200, 0x7_ffff, 0x8_0000,
            ]) {
              const [old, now] = [before, after].map(state => plainEntry(state, domid, view, gfn));
              expect(coversChange(found, domid, view, gfn), `${domid} ${view} ${gfn}`).toBe(old !== now);
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

function plainEntry(state: StateView, domid: number, view: string, gfn: number): string {
  const entryThere = state.entry(domid, view, gfn);
  if (entryThere.known !== 'entry') return '';
  const { mfn, p2m_type, access } = entryThere;
  return `${mfn === null ? null : mfn + gfn - entryThere.gfn} ${p2m_type} ${access}`;
}

function coversChange(found: readonly StateChange[], domid: number, view: string, gfn: number): boolean {
  return found.some(({ subject, frames }) => {
    const first = subject.gfn as number;
    return subject.domid === domid && subject.view === view && gfn >= first && gfn < first + (frames ?? 0);
  });
}

it('a summary adds up what is alike', async () => {
  const found = await changes(
    [
      { ...entry, gfn: 0x10, p2m_type: 'populate_on_demand' },
      { ...entry, gfn: 0x20, p2m_type: 'populate_on_demand' },
      { ...entry, gfn: 0x10, mfn: 0x100 },
      { ...entry, gfn: 0x20, mfn: 0x300 },
      { ...entry, gfn: 0x30, mfn: 0x400, order: 9 },
    ],
    1,
    4,
  );
  expect(summarize(found)).toEqual([
    {
      table: 'p2m',
      subject: { domid: 1, view: 'host' },
      frames: 510,
      changes: 3,
      before: null,
      after: { mfn: '*', p2m_type: 'ram_rw', access: null },
    },
    {
      table: 'p2m',
      subject: { domid: 1, view: 'host' },
      frames: 2,
      changes: 2,
      before: { mfn: null, p2m_type: 'populate_on_demand' },
      after: { mfn: '*', p2m_type: 'ram_rw' },
    },
  ]);
});
