import { expect, test } from 'vitest';
import { factMaker } from '../support/facts-of.js';

const factsOf = factMaker();
const of = (kind: string, gfn: number, mfn: number, more: object = {}) => ({ kind, domid: 0, gfn, mfn, ...more });

test('an override stands from its add to its remove, with what the pfn had before and after', async () => {
  const rows = await factsOf(
    'override_spans',
    of('phys_to_machine_set', 0x10, 0x100),
    of('m2p_override_add', 0x10, 0x900),
    of('m2p_override_remove', 0x10, 0x900),
  );
  expect(rows).toMatchObject([
    { domid: 0, gfn: 0x10, mfn: 0x900, old_mfn: 0x100, restored_mfn: 0x100, from_seq: 1, to_seq: 2 },
  ]);
});

test('two pages override one frame: a span each', async () => {
  const rows = await factsOf(
    'override_spans',
    of('m2p_override_add', 0x10, 0x900, { old_mfn: 0x100 }),
    of('m2p_override_add', 0x11, 0x900, { old_mfn: 0x101 }),
    of('m2p_override_remove', 0x10, 0x900, { old_mfn: 0x222 }),
  );
  expect(rows).toMatchObject([
    // Another frame is put back than was there: the remove’s own word counts.
    { gfn: 0x10, old_mfn: 0x100, restored_mfn: 0x222, from_seq: 0, to_seq: 2 },
    { gfn: 0x11, old_mfn: 0x101, restored_mfn: null, from_seq: 1, to_seq: null },
  ]);
});

test('an override of before the trace, as a snapshot or as its end tells it', async () => {
  const rows = await factsOf(
    'override_spans',
    of('snapshot_override', 0x10, 0x900, { old_mfn: 0x100 }),
    of('m2p_override_remove', 0x11, 0x901, { old_mfn: 0x101 }),
    of('m2p_override_remove', 0x10, 0x900),
  );
  expect(rows).toMatchObject([
    { gfn: 0x11, mfn: 0x901, old_mfn: null, restored_mfn: 0x101, from_seq: null, to_seq: 1 },
    { gfn: 0x10, mfn: 0x900, old_mfn: 0x100, restored_mfn: 0x100, from_seq: null, to_seq: 2 },
  ]);
});

test('INVALID_P2M_ENTRY is null, and what failed is no end', async () => {
  const rows = await factsOf(
    'override_spans',
    of('m2p_override_add', 0x10, 0x900, { old_mfn: '0xffffffffffffffff' }),
    of('m2p_override_remove', 0x10, 0x900, { rc: -22 }),
  );
  expect(rows).toMatchObject([{ gfn: 0x10, old_mfn: null, restored_mfn: null, from_seq: 0, to_seq: null }]);
});

test('a new domain of that number has none, and a loss ends all', async () => {
  const rows = await factsOf(
    'override_spans',
    of('m2p_override_add', 0x10, 0x900),
    { kind: 'domain_create', domid: 0 },
    of('m2p_override_add', 0x11, 0x901),
    { kind: 'lost', count: 1 },
  );
  expect(rows).toMatchObject([
    { gfn: 0x10, to_seq: 1, lost: false },
    { gfn: 0x11, to_seq: null, lost: true },
  ]);
});
