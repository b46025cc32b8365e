import { expect, test } from 'vitest';
import { hostOf, stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const grant = (kind: string, handle: number, more: object = {}) => ({ kind, domid: 2, owner: 1, handle, ...more });

test('a grant is mapped by its handle until that is unmapped', async () => {
  const map = grant('grant_map', 7, { mfn: 0x100, gfn: 0x10, ref: 8, flags: ['readonly', 'host_map'] });
  const { grants } = await stateOf(map, grant('grant_map', 9), grant('grant_unmap', 9));
  expect(grants).toEqual([
    {
      kind: 'grant',
      domid: 2,
      owner: 1,
      mfn: 0x100,
      gfn: 0x10,
      ref: 8,
      handle: 7,
      flags: ['readonly', 'host_map'],
      since_seq: 0,
    },
  ]);
});

test('handles are those of the mapping domain', async () => {
  const other = { domid: 3 };
  const { grants } = await stateOf(grant('grant_map', 7), grant('grant_map', 7, other), grant('grant_unmap', 7));
  expect(grants.map(({ domid }) => domid)).toEqual([3]);
});

test('a handle that is mapped again has ended unseen', async () => {
  const { grants } = await stateOf(grant('grant_map', 7, { ref: 1 }), grant('grant_map', 7, { ref: 2 }));
  expect(grants.map(({ ref, since_seq }) => [ref, since_seq])).toEqual([[2, 1]]);
});

test('as stock Xen records it: who runs maps, and the latest of the two domains goes first', async () => {
  const runs = (pcpu: number, domid: number) => ({ kind: 'sched_switch', pcpu, domid, vcpu: 0, runstate: 0x10 });
  const stock = (kind: string, pcpu: number, owner = 1) => ({ kind, pcpu, owner });
  const { grants } = await stateOf(
    runs(0, 2),
    runs(1, 3),
    stock('grant_map', 0),
    stock('grant_map', 0),
    stock('grant_map', 1),
    stock('grant_unmap', 0),
  );
  expect(grants.map(({ domid, owner, since_seq }) => [domid, owner, since_seq])).toEqual([
    [2, 1, 2],
    [3, 1, 4],
  ]);
});

test('where nobody is known to run, the mapping domain is unknown, and one of its own', async () => {
  const { grants } = await stateOf({ kind: 'grant_map', pcpu: 0, owner: 1 }, grant('grant_map', 7));
  expect(grants.map(({ domid }) => domid)).toEqual([null, 2]);
});

test('an unmap of nothing, and what failed, change nothing', async () => {
  const failed = { flags: ['failed'] };
  const { grants } = await stateOf(
    grant('grant_unmap', 5),
    grant('grant_map', 6, failed),
    grant('grant_map', 7),
    grant('grant_unmap', 7, failed),
  );
  expect(grants.map(({ handle }) => handle)).toEqual([7]);
});

test('a foreign mapping is an entry and a mapping, until it is unmapped', async () => {
  const foreign = { domid: 0, gfn: 0x50, mfn: 0x100, owner: 1 };
  const mapped = await stateOf({ kind: 'foreign_map', ...foreign });
  expect(mapped.grants).toMatchObject([{ kind: 'foreign', domid: 0, owner: 1, gfn: 0x50, mfn: 0x100, since_seq: 0 }]);
  expect(hostOf(mapped)).toEqual({ 80: [0x100, 'map_foreign'] });
  const unmapped = await stateOf({ kind: 'foreign_map', ...foreign }, { kind: 'foreign_unmap', ...foreign });
  // The entry goes with its own event.
  expect([unmapped.grants, hostOf(unmapped)]).toEqual([[], { 80: [0x100, 'map_foreign'] }]);
});
