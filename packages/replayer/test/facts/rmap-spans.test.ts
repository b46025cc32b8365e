import { expect, test } from 'vitest';
import { type FactRow, factMaker } from '../support/facts-of.js';

const factsOf = factMaker();
const of = (kind: string, mfn: number, domid: number, gfn: number, more: object = {}) => {
  return { kind, mfn, domid, gfn, ...more };
};
/** Who shared which frame, and from when to when. */
const spans = (rows: FactRow[]) => rows.map(row => [row.mfn, row.domid, row.gfn, row.from_seq, row.to_seq]);

test('members join and leave', async () => {
  const rows = await factsOf(
    'rmap_spans',
    of('share_nominate', 0x100, 1, 0x10),
    of('share_nominate', 0x200, 2, 0x20),
    of('share_pages', 0x100, 2, 0x20),
    of('rmap_add', 0x100, 3, 0x30),
    of('unshare', 0x100, 1, 0x10),
  );
  expect(spans(rows)).toEqual([
    [0x100, 1, 0x10, 0, 4],
    // share_pages moves the client's gfn from its own frame to the source's.
    [0x200, 2, 0x20, 1, 2],
    [0x100, 2, 0x20, 2, null],
    [0x100, 3, 0x30, 3, null],
  ]);
});

test('where rmap_del is recorded, a member leaves by it', async () => {
  const rows = await factsOf(
    'rmap_spans',
    of('share_nominate', 0x100, 1, 0x10),
    of('rmap_add', 0x100, 3, 0x30),
    of('unshare', 0x100, 1, 0x10),
    of('rmap_del', 0x100, 1, 0x10),
    of('rmap_del', 0x100, 3, 0x30),
  );
  expect(spans(rows)).toEqual([
    [0x100, 1, 0x10, 0, 3],
    [0x100, 3, 0x30, 1, 4],
  ]);
});

test('a frame that is freed or nominated again has no member left', async () => {
  const rows = await factsOf(
    'rmap_spans',
    of('share_nominate', 0x100, 1, 0x10),
    { kind: 'page_free', mfn: 0x100, order: 0 },
    of('share_nominate', 0x100, 1, 0x10),
    of('share_nominate', 0x100, 2, 0x20),
  );
  expect(spans(rows)).toEqual([
    [0x100, 1, 0x10, 0, 1],
    [0x100, 1, 0x10, 2, 3],
    [0x100, 2, 0x20, 3, null],
  ]);
});

test('a member that was there before the trace is seen to leave, once', async () => {
  expect(spans(await factsOf('rmap_spans', of('unshare', 0x100, 1, 0x10)))).toEqual([[0x100, 1, 0x10, null, 0]]);
  const both = await factsOf('rmap_spans', of('rmap_del', 0x100, 1, 0x10), of('unshare', 0x100, 1, 0x10));
  expect(spans(both)).toEqual([[0x100, 1, 0x10, null, 0]]);
  const snapshot = of('snapshot_rmap', 0x100, 1, 0x10, { rmap_count: 1 });
  const shown = await factsOf('rmap_spans', snapshot, of('unshare', 0x100, 1, 0x10));
  expect(spans(shown)).toEqual([[0x100, 1, 0x10, null, 1]]);
});

test('who leaves a complete rmap without being in it was no member', async () => {
  const rows = await factsOf('rmap_spans', of('share_nominate', 0x100, 1, 0x10), of('rmap_del', 0x100, 2, 0x20));
  expect(spans(rows)).toEqual([[0x100, 1, 0x10, 0, null]]);
});

test('what failed is no fact, and a loss ends all', async () => {
  const failed = of('share_nominate', 0x200, 1, 0x11, { rc: -22 });
  const rows = await factsOf('rmap_spans', of('share_nominate', 0x100, 1, 0x10), failed, { kind: 'lost', count: 1 });
  expect(rows).toMatchObject([{ mfn: 0x100, from_seq: 0, to_seq: null, lost: true }]);
});
