import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  doersOf,
  eventsTouching,
  FactStore,
  type HistoryRow,
  history,
  MAPPING_SPANS,
  parseExpression,
  parseSubject,
  replayTrace,
} from '../../src/index.js';
import { arbitraryEvents } from '../support/arbitrary-events.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();
const entry = { kind: 'set_entry', domid: 1, order: 0, p2m_type: 'ram_rw', pcpu: 0 };
const lock = { lock_class: 'p2m', mode: 'write', level: 16 };
/** Without breaches: which rules find some here is not a matter of histories. */
const short = (rows: readonly HistoryRow[]) =>
  rows.filter(({ what }) => what !== 'breach').map(({ what, from, to }) => [what, from, to]);

describe('who did an event', () => {
  it('is its pcpu, what ran there, and its own call site or that of the innermost lock held', async () => {
    const reader = await traceOf([
      { ...lock, kind: 'lock_acquire', lock: '0x10', pcpu: 0, caller: '0xa0', symbol: 'outer' },
      { ...lock, kind: 'lock_acquire', lock: '0x20', lock_class: 'pod', pcpu: 0, caller: '0xb0', symbol: 'inner' },
      { ...entry, gfn: 1, cur_domid: 3, cur_vcpu: 2 }, // 2: under the inner lock
      { ...entry, gfn: 1, caller: '0xc0' },
      { ...entry, gfn: 1, pcpu: 1 }, // 4: another pcpu, which holds nothing
      { ...lock, kind: 'lock_release', lock: '0x20', pcpu: 0 },
      { ...entry, gfn: 1 }, // 6: under the outer lock
      { kind: 'lost', count: 1, pcpu: 0 },
      { ...entry, gfn: 1 }, // 8: nobody knows
    ]);
    const doers = doersOf(reader, [8, 2, 3, 4, 6, 0, 99]);
    const base = { pcpu: 0, domid: null, vcpu: null, caller: null, symbol: null, by_lock: false, under: null };
    const outer = { seq: 0, lock: '0x10', class: 'p2m' };
    const inner = { seq: 1, lock: '0x20', class: 'pod' };
    expect(Object.fromEntries(doers)).toEqual({
      0: { ...base, seq: 0, caller: '0xa0', symbol: 'outer' },
      2: { ...base, seq: 2, domid: 3, vcpu: 2, caller: '0xb0', symbol: 'inner', by_lock: true, under: inner },
      3: { ...base, seq: 3, caller: '0xc0', under: inner },
      4: { ...base, seq: 4, pcpu: 1 },
      6: { ...base, seq: 6, caller: '0xa0', symbol: 'outer', by_lock: true, under: outer },
      8: { ...base, seq: 8 },
    });
  });

  it('names a call site by its symbol where it has no address', async () => {
    const reader = await traceOf([
      { ...lock, kind: 'lock_acquire', lock: '0x10', pcpu: 0, symbol: 'outer' },
      { ...entry, gfn: 1, symbol: 'writer' },
      { ...entry, gfn: 1 },
    ]);
    const doers = doersOf(reader, [1, 2]);
    expect(doers.get(1)).toMatchObject({ caller: null, symbol: 'writer' });
    expect(doers.get(2)).toMatchObject({ caller: null, symbol: 'outer' });
  });
});

describe('a history', () => {
  const events = [
    { kind: 'page_alloc', mfn: 0x100, order: 0, owner: 1, pcpu: 0 },
    { ...entry, gfn: 0x10, mfn: 0x100 }, // 1
    { kind: 'get_page', mfn: 0x100, owner: 1, pcpu: 1 },
    { kind: 'm2p_set', mfn: 0x100, gfn: 0x10 }, // 3
    { ...entry, gfn: 0x10, p2m_type: 'invalid', pcpu: 1 },
    { kind: 'put_page', mfn: 0x100, owner: 1, pcpu: 1 }, // 5
  ];

  it('of an mfn has what lasted, the single events, and who began and ended each', async () => {
    const rows = history(await traceOf(events), parseSubject('mfn', '0x100'));
    const mapping = rows.find(({ what }) => what === 'mapping');
    expect(mapping).toMatchObject({
      from: 1,
      to: 4,
      details: { domid: 1, view: 'host', gfn: '0x10', order: 0, p2m_type: 'ram_rw' },
      by: { pcpu: 0 },
      ended_by: { pcpu: 1 },
    });
    // The subject itself is not said again.
    expect(mapping?.details).not.toHaveProperty('mfn');
    expect(short(rows)).toEqual(
      expect.arrayContaining([
        ['ref', 0, null],
        ['page', 0, null],
        ['mapping', 1, 4],
        ['ref', 2, 5],
      ]),
    );
  });

  it('of a gfn has its entries one after the other', async () => {
    const rows = history(await traceOf(events), parseSubject('gfn', '1:0x10'));
    expect(short(rows)).toEqual([
      ['mapping', 1, 4],
      ['mapping', 4, null],
    ]);
    expect(rows[0].details).toMatchObject({ mfn: '0x100' });
  });

  it('may be of a stretch of the trace, or of what some events began or ended', async () => {
    const reader = await traceOf(events.filter(({ kind }) => kind !== 'm2p_set'));
    const mfn = parseSubject('mfn', '0x100');
    expect(short(history(reader, mfn, { from: 2, to: 3 }))).toEqual([
      ['page', 0, null],
      ['ref', 0, null],
      ['mapping', 1, null],
      ['ref', 2, null],
    ]);
    const where = parseExpression('kind == put_page or kind == set_entry and pcpu == 0', reader.names);
    expect(short(history(reader, mfn, { where }))).toEqual([
      ['mapping', 1, 3],
      ['ref', 2, 4],
    ]);
  });

  it('of a lock has each time it was held', async () => {
    const reader = await traceOf([
      { ...lock, kind: 'lock_acquire', lock: '0x10', pcpu: 0 },
      { ...lock, kind: 'lock_wait', lock: '0x10', pcpu: 1 },
      { ...lock, kind: 'lock_release', lock: '0x10', pcpu: 0 },
      { ...lock, kind: 'lock_acquire', lock: '0x10', pcpu: 1 },
      { ...lock, kind: 'lock_acquire', lock: '0x20', lock_class: 'pod', pcpu: 1 },
    ]);
    expect(short(history(reader, parseSubject('lock', '0x10')))).toEqual([
      ['lock', 0, 2],
      ['lock_wait', 1, 1],
      ['lock', 3, null],
    ]);
    const pod = history(reader, parseSubject('lock', 'pod')).filter(({ what }) => what === 'lock');
    expect(pod).toMatchObject([{ from: 4, details: { lock: '0x20' } }]);
  });

  it('leaves out no event that touches the subject, and no mapping of it', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryEvents, async generated => {
        const reader = await traceOf(generated);
        for (const subject of [parseSubject('mfn', '0x100'), parseSubject('gfn', '1:0x1ff')]) {
          const rows = history(reader, subject);
          const told = new Set(rows.flatMap(({ from, to }) => [from, to]));
          expect([...eventsTouching(reader, subject)].filter(seq => !told.has(seq))).toEqual([]);
          expect(
            rows
              .filter(({ what }) => what === 'mapping')
              .map(({ from, to }) => `${from} ${to}`)
              .sort(),
          ).toEqual((await mappingsOf(reader, subject)).sort());
        }
      }),
      { numRuns: 40 },
    );
  });
});

/** Rows of mapping_spans about a subject, picked from all of them by hand. */
async function mappingsOf(reader: Parameters<typeof replayTrace>[0], subject: ReturnType<typeof parseSubject>) {
  const store = new FactStore();
  replayTrace(reader, { facts: store });
  return store.chunks(MAPPING_SPANS).flatMap(({ rows, columns: c }) =>
    Array.from({ length: rows }, (_, row) => {
      const [first, wanted] =
        subject.about === 'mfn' ? [c.mfn[row], subject.mfn] : [c.gfn[row], subject.about === 'gfn' ? subject.gfn : 0];
      const isMine = subject.about === 'mfn' || c.domid[row] === 1;
      const has = isMine && wanted >= first && wanted < first + 2 ** c.order[row];
      const text = (seq: number) => (Number.isNaN(seq) ? 'null' : String(seq));
      return has ? [`${text(c.from_seq[row])} ${text(c.to_seq[row])}`] : [];
    }).flat(),
  );
}
