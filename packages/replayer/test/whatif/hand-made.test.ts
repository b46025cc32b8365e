import { describe, expect, it } from 'vitest';
import { type WhatIfOptions, whatIf } from '../../src/index.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();
const P2M = { lock: '0xa0', lock_class: 'p2m', level: 16 };
const POD = { lock: '0xb0', lock_class: 'pod', level: 48, mode: 'mutex' };

type Event = { readonly tsc: number } & Record<string, unknown>;
/** One pcpu's events; all traces begin at tick 100. */
const on = (pcpu: number, ...events: readonly Event[]) =>
  events.map(event => ({ ...event, pcpu, tsc: event.tsc + 100 }));
const take = (tsc: number, mode = 'write', lock: object = P2M) => ({
  kind: 'lock_acquire',
  tsc,
  mode,
  depth: 1,
  ...lock,
});
const give = (tsc: number, mode = 'write', lock: object = P2M) => ({
  kind: 'lock_release',
  tsc,
  mode,
  depth: 1,
  ...lock,
});
const wait = (tsc: number, mode = 'write', lock: object = P2M) => ({ kind: 'lock_wait', tsc, mode, ...lock });
const look = (tsc: number, gfn: number) => ({
  kind: 'lookup',
  tsc,
  domid: 1,
  gfn,
  mfn: gfn + 0x1000,
  p2m_type: 'ram_rw',
});
const set = (tsc: number, gfn: number, order = 0) => ({
  kind: 'set_entry',
  tsc,
  domid: 1,
  gfn,
  mfn: gfn + 0x2000,
  order,
  p2m_type: 'ram_rw',
});

/** What sections waited in all, by design: `rwlock convert`, `range-rw 2m declare`, … */
async function waitsOf(events: readonly Event[][], options: WhatIfOptions = {}) {
  const sorted = events.flat().sort((a, b) => a.tsc - b.tsc);
  const { rows, ...result } = whatIf(await traceOf(sorted), options);
  const name = (row: (typeof rows)[number]) =>
    [row.discipline, row.granularity, row.upgrade].filter(part => part !== null).join(' ');
  const by = Object.fromEntries(rows.map(row => [name(row), row]));
  const waits = Object.fromEntries(rows.map(row => [name(row), row.wait.total]));
  return { ...result, by, waits };
}

const ALL_RW = {
  'range-rw 4k convert': 0,
  'range-rw 2m convert': 0,
  'range-rw 1g convert': 0,
  'range-rw all convert': 0,
};
const DECLARED = {
  'range-rw 4k declare': 0,
  'range-rw 2m declare': 0,
  'range-rw 1g declare': 0,
  'range-rw all declare': 0,
};
const EXCLUSIVE = {
  'range-exclusive 4k': 0,
  'range-exclusive 2m': 0,
  'range-exclusive 1g': 0,
  'range-exclusive all': 0,
};
const NOBODY = {
  recorded: 0,
  exclusive: 0,
  'rwlock convert': 0,
  'rwlock declare': 0,
  ...EXCLUSIVE,
  ...ALL_RW,
  ...DECLARED,
  refuse: 0,
};

describe('waits written out by hand', () => {
  it('two sections that never meet wait for nothing', async () => {
    const { waits } = await waitsOf([
      on(0, take(0), look(1, 0x10), give(10)),
      on(1, take(20), look(21, 0x10), give(30)),
    ]);
    expect(waits).toEqual(NOBODY);
  });

  it('two readers of one gfn exclude each other only where all claims are exclusive', async () => {
    // pcpu 1 comes at 4 and would have to wait until 10.
    const { waits } = await waitsOf([
      on(0, take(0, 'read'), look(1, 0x10), give(10, 'read')),
      on(1, take(4, 'read'), look(5, 0x10), give(12, 'read')),
    ]);
    const six = { 'range-exclusive 4k': 6, 'range-exclusive 2m': 6, 'range-exclusive 1g': 6, 'range-exclusive all': 6 };
    expect(waits).toEqual({ ...NOBODY, exclusive: 6, ...six });
  });

  it('readers of two gfns of one 2M region meet from 2M on', async () => {
    const { waits } = await waitsOf([
      on(0, take(0, 'read'), look(1, 0x10), give(10, 'read')),
      on(1, take(4, 'read'), look(5, 0x11), give(12, 'read')),
    ]);
    const six = { 'range-exclusive 2m': 6, 'range-exclusive 1g': 6, 'range-exclusive all': 6 };
    expect(waits).toEqual({ ...NOBODY, exclusive: 6, ...six });
  });

  it('a recorded wait comes back, with the time that handing over took, and goes where nothing is in the way', async () => {
    // pcpu 1 waits from 4; pcpu 0 gives back at 10; pcpu 1 has it at 13.
    const { waits, recordedWaits, by } = await waitsOf([
      on(0, take(0), set(5, 0x10), give(10)),
      on(1, wait(4), take(13), set(14, 0x400), give(20)),
    ]);
    expect(recordedWaits).toEqual({ waits: 1, total: 9, median: 9, p99: 9, max: 9 });
    // Shared claims are not in each other's way until pcpu 0 converts at 5, and pcpu 1 a tick after it came.
    expect(waits).toEqual({
      ...NOBODY,
      recorded: 9,
      exclusive: 9,
      'rwlock declare': 9,
      'range-exclusive 1g': 9,
      'range-exclusive all': 9,
      'range-rw 1g declare': 9,
      'range-rw all declare': 9,
      // Both are readers at 4; both want to write at 5: pcpu 1, the younger, starts again, having waited nothing, and
      // waits from 5 to 10, and 3 more for the lock to be handed over.
      'rwlock convert': 8,
      'range-rw 1g convert': 8,
      'range-rw all convert': 8,
    });
    expect(by['rwlock convert'].deadlocks).toBe(1);
    expect(by.recorded.makespan).toBe(20);
    expect(by['range-exclusive 2m'].makespan).toBe(11);
  });

  it('a writer that declares itself keeps readers out from its start, one that converts from its first write', async () => {
    // pcpu 0 writes at 8 of 0…10; pcpu 1 reads 2…4, pcpu 2 reads 6…12: the conversion waits for pcpu 2, from 8 to 12.
    const { waits } = await waitsOf([
      on(0, take(0), look(1, 0x10), set(8, 0x10), give(10)),
      on(1, take(2, 'read'), look(3, 0x10), give(4, 'read')),
      on(2, take(6, 'read'), look(7, 0x10), give(12, 'read')),
    ]);
    expect(waits['rwlock convert']).toBe(4);
    expect(waits['range-rw 4k convert']).toBe(4);
    // Declared, pcpu 1 waits 2…10 and pcpu 2 6…10.
    expect(waits['rwlock declare']).toBe(8 + 4);
    expect(waits['range-rw 4k declare']).toBe(8 + 4);
    // Exclusive, pcpu 2 waits for pcpu 1 besides, which is there for 2.
    expect(waits.exclusive).toBe(8 + 6);
  });

  it('two readers that both convert are a deadlock; the younger starts again', async () => {
    // pcpu 0 reads from 0 and writes at 6, pcpu 1 reads from 1 and writes at 7. pcpu 0 waits for pcpu 1 from 6; at 7 it is a
    // circle: pcpu 1 gives up, pcpu 0 has waited 1 and is done at 8 + 1 = 9 (its release at 8 shifted by 1); pcpu 1 begins
    // again at 7, for writing from its beginning, waits 2, and does its 7 ticks from 9 on.
    const { by, waits } = await waitsOf([
      on(0, take(0), look(1, 0x10), set(6, 0x10), give(8)),
      on(1, take(1), look(2, 0x10), set(7, 0x10), give(8)),
    ]);
    expect(waits['rwlock convert']).toBe(1 + 2);
    expect(by['rwlock convert'].makespan).toBe(9 + 7);
    expect(by['rwlock convert'].deadlocks).toBe(1);
    expect(by['rwlock convert'].upgrades).toBe(2);
    const [{ time, members }] = by['rwlock convert'].told;
    expect(time).toBe(7);
    // By TSC, ties by pcpu: the takes are events 0 and 2, the writes 4 and 5.
    expect(members.map(({ pcpu, section, seq }) => [pcpu, section, seq])).toEqual([
      [0, 0, 4],
      [1, 2, 5],
    ]);
    expect(by['rwlock declare'].deadlocks).toBe(0);
  });

  it('ranges that are taken in two orders are a deadlock; one lock for both is none', async () => {
    // pcpu 0 has 0x10 and wants 0x400 at 5; pcpu 1 has 0x400 from 1 and wants 0x10 at 6.
    const { by } = await waitsOf([
      on(0, take(0), look(0, 0x10), look(5, 0x400), give(9)),
      on(1, take(1), look(1, 0x400), look(6, 0x10), give(10)),
    ]);
    expect(by['range-exclusive 4k'].deadlocks).toBe(1);
    expect(by['range-exclusive 2m'].deadlocks).toBe(1);
    expect(by['range-exclusive 1g'].deadlocks).toBe(0);
    const [{ members }] = by['range-exclusive 2m'].told;
    expect(members.map(({ wanted, held }) => [wanted, held])).toEqual([
      [[0x400, 0x5ff], [[0, 0x1ff]]],
      [[0, 0x1ff], [[0x400, 0x5ff]]],
    ]);
    // pcpu 0 waits 5…6; pcpu 1, again from 6, until 10 (pcpu 0's end at 9, a tick late).
    expect(by['range-exclusive 2m'].wait.total).toBe(1 + 4);
  });

  it('locks of other classes keep their discipline as things shift', async () => {
    // Both take the pod lock inside. With ranges they come to it at once: pcpu 1 wants it at 3 and gets it at 8.
    const { by } = await waitsOf([
      on(0, take(0), look(1, 0x10), take(2, 'mutex', POD), give(8, 'mutex', POD), give(9)),
      on(1, wait(1), take(9), look(10, 0x400), take(11, 'mutex', POD), give(12, 'mutex', POD), give(13)),
    ]);
    expect(by['range-exclusive 2m'].wait.total).toBe(0);
    expect(by['range-exclusive 2m'].otherWait).toBe(5);
    expect(by['range-exclusive 2m'].makespan).toBe(10);
    expect(by.exclusive.wait.total).toBe(8);
    expect(by.exclusive.otherWait).toBe(0);
  });

  it('what names no gfn claims all', async () => {
    const { waits, counts, notChecked } = await waitsOf([
      on(0, take(0), give(10)),
      on(1, take(4), look(5, 0x10), give(12)),
    ]);
    expect(counts.withoutRange).toBe(1);
    expect(notChecked).toContain('ranges: 1 sections name no gfn and claim all of their p2m');
    expect(waits['range-exclusive 4k']).toBe(6);
  });

  it('a range that is not aligned claims the granules that it touches, and is counted', async () => {
    // 0x1ff to 0x3fe: two regions of 2M, of which the second is pcpu 1's.
    const { waits, counts } = await waitsOf([
      on(0, take(0), set(1, 0x1ff, 9), give(10)),
      on(1, take(4), look(5, 0x200), give(12)),
    ]);
    expect([counts.ordered, counts.unaligned]).toEqual([1, 1]);
    expect(waits['range-exclusive 2m']).toBe(6);
  });

  it('without locks, sections last from lookup to put', async () => {
    const get = (tsc: number, gfn: number) => ({ ...look(tsc, gfn), flags: ['locked'] });
    const put = (tsc: number, gfn: number) => ({ kind: 'put_gfn', tsc, domid: 1, gfn });
    const { waits, counts, notChecked } = await waitsOf([
      on(0, get(0, 0x10), get(1, 0x11), put(3, 0x11), put(10, 0x10)),
      on(1, get(4, 0x11), put(12, 0x11)),
    ]);
    expect([counts.sections, counts.byLookup]).toEqual([2, 2]);
    expect(waits.recorded).toBe(0);
    // The outer section keeps all that it got until it ends.
    expect(waits['range-exclusive 4k']).toBe(6);
    expect(notChecked).toContain('recorded locks: no lock_acquire events');
  });

  it('a reader passes waiting writers where readers are preferred', async () => {
    // pcpu 0 reads 0…10, pcpu 1 wants to write at 2, pcpu 2 reads from 4 to 6.
    const events = [
      on(0, take(0, 'read'), look(1, 0x10), give(10, 'read')),
      on(1, take(2), set(3, 0x10), give(5)),
      on(2, take(4, 'read'), look(5, 0x10), give(6, 'read')),
    ];
    const disciplines = ['rwlock'] as const;
    const upgrades = ['declare'] as const;
    const fifo = await waitsOf(events, { disciplines, upgrades });
    // The writer waits 2…10, the reader behind it 4…13.
    expect(fifo.waits).toEqual({ 'rwlock declare': 8 + 9 });
    const preferred = await waitsOf(events, { disciplines, upgrades, fairness: 'reader-preference' });
    expect(preferred.waits).toEqual({ 'rwlock declare': 8 });
  });

  it('a mapping keeps changes waiting only where it keeps its claim', async () => {
    // d1's frame 0x1010, at gfn 0x10, is mapped 3…20; pcpu 1 changes the entry at 6.
    const foreign = { domid: 0, gfn: 0x99, mfn: 0x1010, owner: 1 };
    const events = [
      on(
        0,
        take(0),
        look(1, 0x10),
        give(2),
        { kind: 'foreign_map', tsc: 3, ...foreign },
        {
          kind: 'foreign_unmap',
          tsc: 20,
          ...foreign,
        },
      ),
      on(1, take(6), set(7, 0x10), give(9)),
    ];
    const built = await waitsOf(events, { upgrades: ['declare'] });
    expect(built.waits['range-rw 4k declare']).toBe(0);
    expect(built.counts.mappings).toBe(1);
    const mapped = await waitsOf(events, { upgrades: ['declare'], foreign: 'while-mapped' });
    expect(mapped.waits['range-rw 4k declare']).toBe(14);
    expect(mapped.by['range-rw 4k declare'].foreign).toEqual({
      waits: 1,
      total: 14,
      median: 14,
      p99: 14,
      max: 14,
      broken: 0,
    });
  });

  it('a change of what has references would be refused, log-dirty apart', async () => {
    const page = { mfn: 0x1010, owner: 1 };
    const change = (tsc: number, p2m_type: string, mfn = 0x1010) => ({ ...set(tsc, 0x10), mfn, p2m_type });
    const { by } = await waitsOf([
      on(
        0,
        { kind: 'page_alloc', tsc: 0, order: 0, count_info: '0x8000000000000001', ...page },
        take(1),
        change(1, 'ram_rw'),
        give(2),
        { kind: 'get_page', tsc: 3, count_info: '0x8000000000000002', ...page },
        take(4),
        change(5, 'ram_logdirty'),
        change(6, 'ram_ro'),
        change(7, 'ram_ro', 0x1011),
        give(8),
      ),
    ]);
    const { refused } = by.refuse;
    expect([refused?.changes, refused?.refused, refused?.logDirty]).toEqual([3, 2, 1]);
    expect(Object.fromEntries(refused?.byChange ?? [])).toEqual({
      'ram_logdirty to ram_ro': 1,
      'ram_ro to ram_ro of another frame': 1,
    });
  });

  it('--domain leaves the locks of others as recorded', async () => {
    const other = { lock: '0xa8', lock_class: 'p2m', level: 16 };
    const { counts, waits } = await waitsOf(
      [
        on(0, take(0, 'write', other), { ...look(1, 0x10), domid: 2 }, give(10, 'write', other)),
        on(
          1,
          wait(4, 'write', other),
          take(10, 'write', other),
          { ...look(11, 0x11), domid: 2 },
          give(12, 'write', other),
        ),
        on(2, take(20), look(21, 0x10), give(22)),
      ],
      { domain: 1, disciplines: ['range-exclusive'], granularities: ['4k'] },
    );
    expect(counts.sections).toBe(1);
    expect(waits).toEqual({ 'range-exclusive 4k': 0 });
  });

  it('copies of two pcpus on the same gfns wait for each other, on their own they do not', async () => {
    const events = [on(0, take(0), set(1, 0x10), give(8000)), on(1, take(9000), set(9001, 0x11), give(16_000))];
    const options = { disciplines: ['range-exclusive'], granularities: ['4k'], pcpus: 8 } as const;
    const same = await waitsOf(events, { ...options, overlay: 'same' });
    expect(same.by['range-exclusive 4k'].sections).toBe(8);
    expect(same.waits['range-exclusive 4k']).toBeGreaterThan(0);
    expect(await waitsOf(events, { ...options, overlay: 'same' })).toMatchObject({
      shifts: same.shifts,
      waits: same.waits,
    });
    const spread = await waitsOf(events, { ...options, overlay: 'spread' });
    expect(spread.waits['range-exclusive 4k']).toBe(0);
  });

  it('fewer pcpus than were recorded do what the first of them did', async () => {
    const events = [on(0, take(0), set(1, 0x10), give(10)), on(1, take(12), set(13, 0x11), give(16))];
    const { by } = await waitsOf(events, { disciplines: ['exclusive'], pcpus: 1 });
    expect([by.exclusive.sections, by.exclusive.makespan]).toEqual([1, 10]);
  });

  it('says that a trace without sections tells nothing', async () => {
    const { by, notChecked } = await waitsOf([on(0, { kind: 'page_free', tsc: 0, mfn: 1, order: 0 })]);
    expect(by).toEqual({});
    expect(notChecked[0]).toBe('no critical sections: neither p2m locks nor locked lookups were recorded');
  });
});
