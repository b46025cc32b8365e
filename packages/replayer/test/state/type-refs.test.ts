import { describe, expect, test } from 'vitest';
import { layout, type StateRows, stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const MFN = 0x100;
const RESTART = -85;
const alloc = { kind: 'page_alloc', mfn: MFN, order: 0, owner: 1 };
const pageOf = ({ pages }: StateRows) => pages.find(({ mfn }) => mfn === MFN);
const shape = (state: StateRows) => {
  const page = pageOf(state);
  return [page?.type, page?.type_count, page?.type_flags];
};

/**
 * type_info by layout (docs/format.md#page_info-layouts): P2 has 4 bits of type and writable 7, the others 3; P0 lives
 * in 32 bits.
 */
describe.each([
  { name: 'P0', typeAt: 29n, validated: 1n << 27n, partial: 1n << 25n, width: 25n },
  { name: 'P2', typeAt: 60n, validated: 1n << 58n, partial: 1n << 56n, width: 55n },
  { name: 'P6', typeAt: 61n, validated: 1n << 58n, partial: 1n << 56n, width: 55n },
])('type_info of layout $name', ({ name, typeAt, validated, partial, width }) => {
  const head = layout(name);
  const info = (type: number, count: number, bits = 0n) =>
    `0x${((BigInt(type) << typeAt) | bits | BigInt(count)).toString(16)}`;
  const get = (type_info?: string, more: object = {}) => ({ kind: 'get_type', mfn: MFN, type_info, ...more });
  const put = (type_info?: string) => ({ kind: 'put_type', mfn: MFN, type_info });

  test('is decoded as recorded, and each get and put is one', async () => {
    const state = await stateOf(
      head,
      alloc,
      get(info(7, 1, validated)),
      get(info(7, 2, validated)),
      put(info(7, 1, validated)),
    );
    expect([shape(state), state.divergences]).toEqual([['writable', 1n, ['validated']], []]);
  });

  test('another count is a divergence, and holds', async () => {
    const state = await stateOf(head, alloc, get(info(7, 1, validated)), get(info(7, 5, validated)));
    expect(state.divergences).toMatchObject([{ seq: 2, about: 'type_info', expected: 2, seen: 5, last_seq: 1 }]);
    expect(pageOf(state)?.type_count).toBe(5n);
  });

  test('PGT_partial keeps one count, which the next get takes over', async () => {
    const events = [head, alloc, get(info(4, 1, partial), { rc: RESTART }), get(info(4, 1, partial), { rc: RESTART })];
    const interrupted = await stateOf(...events);
    expect([shape(interrupted), interrupted.divergences]).toEqual([['l4', 1n, ['partial']], []]);
    const done = await stateOf(...events, get(info(4, 1, validated)), put(info(4, 0)));
    expect([shape(done), done.divergences]).toEqual([['l4', 0n, []], []]);
  });

  test('a put that is interrupted leaves the count to PGT_partial', async () => {
    const events = [head, alloc, get(info(3, 1, validated)), put(info(3, 1, partial)), put(info(3, 1, partial))];
    const interrupted = await stateOf(...events);
    expect([shape(interrupted), interrupted.divergences]).toEqual([['l3', 1n, ['partial']], []]);
    const done = await stateOf(...events, put(info(3, 0)));
    expect([shape(done), done.divergences]).toEqual([['l3', 0n, []], []]);
  });

  test('without type_info the type is the one asked for, or unknown; the count goes on', async () => {
    const requested = get(undefined, { requested: info(5, 0) });
    expect(shape(await stateOf(head, alloc, requested, get(), put()))).toEqual(['seg_desc', 1n, []]);
    expect(shape(await stateOf(head, alloc, get()))).toEqual([null, null, null]);
  });

  test('below 0 the type count wraps inside its own bits', async () => {
    const state = await stateOf(head, alloc, put());
    expect(pageOf(state)?.type_count).toBe((1n << width) - 1n);
  });
});

test('a get that failed counts nothing', async () => {
  const failed = { kind: 'get_type', mfn: MFN, rc: -22, type_info: '0xe400000000000001' };
  const got = { kind: 'get_type', mfn: MFN, type_info: '0xe400000000000001' };
  const state = await stateOf(alloc, got, failed);
  expect([shape(state), state.divergences]).toEqual([['writable', 1n, ['validated']], []]);
});

test('a new generation begins without a type', async () => {
  const got = { kind: 'get_type', mfn: MFN, type_info: '0xe400000000000001' };
  const free = { kind: 'page_free', mfn: MFN, order: 0 };
  expect(shape(await stateOf(alloc, got, free))).toEqual([null, null, null]);
  expect(shape(await stateOf(alloc, got, free, alloc))).toEqual(['none', 0n, []]);
});
