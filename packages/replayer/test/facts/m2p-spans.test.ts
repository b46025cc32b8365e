import { expect, test } from 'vitest';
import { factMaker } from '../support/facts-of.js';

const factsOf = factMaker();
const set = (mfn: number, gfn: number | null, more: object = {}) => {
  return { kind: 'm2p_set', pcpu: 3, mfn, ...(gfn === null ? {} : { gfn }), ...more };
};

test('a write ends what the frame had, and begins what it has', async () => {
  const rows = await factsOf(
    'm2p_spans',
    set(0x100, 0x10, { tsc: 1000 }),
    set(0x101, 0x11),
    set(0x100, 0x20, { tsc: 3000, pcpu: 4 }),
  );
  expect(rows).toMatchObject([
    { mfn: 0x100, gfn: 0x10, from_seq: 0, from_tsc: 1000, from_pcpu: 3, to_seq: 2, to_tsc: 3000, to_pcpu: 4 },
    { mfn: 0x101, gfn: 0x11, from_seq: 1, to_seq: null },
    { mfn: 0x100, gfn: 0x20, from_seq: 2, from_tsc: 3000, from_pcpu: 4, to_seq: null, to_tsc: null, to_pcpu: null },
  ]);
});

test('invalid and shared are no gfn', async () => {
  const rows = await factsOf('m2p_spans', set(0x100, null), set(0x101, null, { flags: ['shared'] }));
  expect(rows).toMatchObject([
    { mfn: 0x100, gfn: null, shared: false },
    { mfn: 0x101, gfn: null, shared: true },
  ]);
});

test('what a snapshot tells was there before', async () => {
  const rows = await factsOf('m2p_spans', { kind: 'snapshot_m2p', mfn: 0x100, gfn: 0x10 }, set(0x100, 0x20));
  expect(rows).toMatchObject([
    { gfn: 0x10, from_seq: null, from_tsc: null, from_pcpu: null, to_seq: 1 },
    { gfn: 0x20, from_seq: 1, to_seq: null },
  ]);
});

test('a loss ends what stood, nobody knows when; the next write begins anew', async () => {
  const rows = await factsOf('m2p_spans', set(0x100, 0x10), { kind: 'lost', pcpu: 0, count: 5 }, set(0x100, 0x20));
  expect(rows).toMatchObject([
    { gfn: 0x10, from_seq: 0, to_seq: null, lost: true },
    { gfn: 0x20, from_seq: 2, to_seq: null, lost: false },
  ]);
});
