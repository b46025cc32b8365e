import { expect, test } from 'vitest';
import { factMaker } from '../support/facts-of.js';

const factsOf = factMaker();
const grant = (kind: string, handle: number, more: object = {}) => ({ kind, domid: 2, owner: 1, handle, ...more });

test('a grant from its map to its unmap, with all that was recorded', async () => {
  const flags = ['host_map', 'readonly'];
  const rows = await factsOf(
    'grant_spans',
    grant('grant_map', 7, { mfn: 0x100, gfn: 0x10, ref: 8, flags, pcpu: 1, tsc: 50 }),
    grant('grant_unmap', 7, { pcpu: 2, tsc: 90 }),
  );
  expect(rows).toEqual([
    {
      domid: 2,
      owner: 1,
      mfn: 0x100,
      gfn: 0x10,
      ref: 8,
      handle: 7,
      readonly: true,
      device_map: false,
      host_map: true,
      from_seq: 0,
      from_tsc: 50,
      from_pcpu: 1,
      to_seq: 1,
      to_tsc: 90,
      to_pcpu: 2,
      lost: false,
    },
  ]);
});

test('as stock Xen records it, the mapping domain is the running one, and the latest goes first', async () => {
  const stock = (kind: string) => ({ kind, pcpu: 0, owner: 1 });
  const rows = await factsOf(
    'grant_spans',
    { kind: 'sched_switch', pcpu: 0, domid: 5, vcpu: 0, runstate: 0 },
    stock('grant_map'),
    stock('grant_map'),
    stock('grant_unmap'),
  );
  expect(rows).toMatchObject([
    { domid: 5, owner: 1, mfn: null, gfn: null, ref: null, handle: null, from_seq: 1, to_seq: null },
    { domid: 5, owner: 1, from_seq: 2, to_seq: 3 },
  ]);
});

test('a mapping for device and host ends with its second half', async () => {
  const rows = await factsOf(
    'grant_spans',
    grant('grant_map', 7, { flags: ['device_map', 'host_map'] }),
    grant('grant_unmap', 7, { flags: ['device_map'] }),
    grant('grant_unmap', 7, { flags: ['host_map'] }),
  );
  expect(rows).toMatchObject([{ device_map: true, host_map: true, from_seq: 0, to_seq: 2 }]);
});

test('what is unmapped and was never seen mapped was mapped before', async () => {
  const rows = await factsOf('grant_spans', grant('grant_unmap', 7, { mfn: 0x100 }));
  expect(rows).toMatchObject([{ domid: 2, owner: 1, mfn: 0x100, handle: 7, from_seq: null, to_seq: 0 }]);
});

test('a handle that is given again: its mapping has ended, nobody saw when', async () => {
  const rows = await factsOf('grant_spans', grant('grant_map', 7), grant('grant_map', 7), grant('grant_unmap', 7));
  expect(rows).toMatchObject([
    { from_seq: 0, to_seq: null, lost: true },
    { from_seq: 1, to_seq: 2, lost: false },
  ]);
});

test('what failed maps nothing; snapshots were there before; losses end all', async () => {
  const rows = await factsOf('grant_spans', grant('grant_map', 6, { flags: ['failed'] }), grant('snapshot_grant', 7), {
    kind: 'lost',
    count: 1,
  });
  expect(rows).toMatchObject([{ handle: 7, from_seq: null, to_seq: null, lost: true }]);
});
