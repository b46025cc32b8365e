import { expect, test } from 'vitest';
import { type FactRow, factMaker } from '../support/facts-of.js';

const factsOf = factMaker();
/** type_info of layout P6 (docs/format.md#page_info-layouts): type in 63:61, validated 58, partial 56, count below. */
const info = (type: number, count: number, bits = 0n) =>
  `0x${((BigInt(type) << 61n) | bits | BigInt(count)).toString(16)}`;
const [L1, WRITABLE] = [1, 7];
const VALIDATED = 1n << 58n;
const PARTIAL = 1n << 56n;
const MFN = 0x100;
const alloc = { kind: 'page_alloc', mfn: MFN, order: 0, owner: 1 };
const get = (type_info?: string, more: object = {}) => ({ kind: 'get_type', mfn: MFN, pcpu: 0, type_info, ...more });
const put = (type_info?: string, more: object = {}) => ({ kind: 'put_type', mfn: MFN, pcpu: 0, type_info, ...more });
const RESTART = -85;
const spans = (rows: FactRow[]) => rows.map(row => [row.kind, row.pgt_type, row.from_seq, row.to_seq]);

test('a reference from its get to its put', async () => {
  const rows = await factsOf(
    'type_ref_spans',
    alloc,
    get(info(WRITABLE, 1, VALIDATED), { caller: '0xffff82d040200000' }),
    get(info(WRITABLE, 2, VALIDATED), { pcpu: 1 }),
    // The pcpu that puts took the first one.
    put(info(WRITABLE, 1, VALIDATED)),
  );
  expect(rows).toMatchObject([
    {
      mfn: MFN,
      generation: 1,
      owner: 1,
      kind: 'get_type',
      pgt_type: 'writable',
      from_count: 1,
      from_seq: 1,
      to_seq: 3,
    },
    { from_pcpu: 1, from_seq: 2, to_seq: null, lost: false, underflow: false },
  ]);
  expect(rows.map(row => row.from_caller)).toEqual([0, null]);
});

test('PGT_partial keeps a reference, which the next get takes over', async () => {
  const rows = await factsOf(
    'type_ref_spans',
    alloc,
    get(info(L1, 1, PARTIAL), { rc: RESTART }),
    get(info(L1, 1, PARTIAL), { rc: RESTART }),
    get(info(L1, 1, VALIDATED)),
    put(info(L1, 0)),
  );
  expect(spans(rows)).toEqual([
    ['partial', 'l1', 1, 3],
    ['get_type', 'l1', 3, 4],
  ]);
});

test('a put that is interrupted leaves the reference to PGT_partial', async () => {
  const rows = await factsOf(
    'type_ref_spans',
    alloc,
    get(info(L1, 1, VALIDATED)),
    put(info(L1, 1, PARTIAL)),
    put(info(L1, 1, PARTIAL)),
    put(info(L1, 0)),
  );
  expect(spans(rows)).toEqual([
    ['get_type', 'l1', 1, 2],
    ['partial', 'l1', 2, 4],
  ]);
});

test('a get that fails takes nothing', async () => {
  expect(await factsOf('type_ref_spans', alloc, get(info(0, 0), { rc: -22 }))).toEqual([]);
});

test('a put without a get: taken before the trace, or never', async () => {
  const unknown = await factsOf('type_ref_spans', put(info(WRITABLE, 3)));
  expect(unknown).toMatchObject([{ pgt_type: 'writable', from_seq: null, to_seq: 0, underflow: false }]);
  const none = await factsOf('type_ref_spans', alloc, put());
  expect(none).toMatchObject([{ from_seq: null, to_seq: 1, underflow: true }]);
  const free = await factsOf('type_ref_spans', { kind: 'page_free', mfn: MFN, order: 0 }, put());
  expect(free).toMatchObject([{ from_seq: null, to_seq: 1, underflow: true }]);
});

test('what a new generation finds open has no end', async () => {
  const free = { kind: 'page_free', mfn: MFN, order: 0 };
  const rows = await factsOf('type_ref_spans', alloc, get(), get(), free, alloc, get(), put());
  expect(rows.map(row => [row.generation, row.from_seq, row.to_seq])).toEqual([
    [1, 1, null],
    [1, 2, null],
    [2, 5, 6],
  ]);
});

test('without type_info the type is the one asked for, where that is recorded', async () => {
  const requested = get(undefined, { requested: info(L1, 0) });
  expect(spans(await factsOf('type_ref_spans', alloc, requested, put()))).toEqual([['get_type', 'l1', 1, 2]]);
  expect(spans(await factsOf('type_ref_spans', alloc, get(), put()))).toEqual([['get_type', null, 1, 2]]);
});

test('a loss ends all', async () => {
  const rows = await factsOf('type_ref_spans', alloc, get(), { kind: 'lost', count: 1 }, put());
  expect(rows).toMatchObject([
    { from_seq: null, to_seq: 3, lost: false },
    { from_seq: 1, to_seq: null, lost: true },
  ]);
});
