import { expect, test } from 'vitest';
import { type StateRows, stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();
const [RUNNING_TO_BLOCKED, RUNNABLE_TO_RUNNING, BLOCKED_TO_RUNNABLE] = [0x02, 0x10, 0x21];
const sched = (pcpu: number, domid: number, vcpu: number, runstate: number) => ({
  kind: 'sched_switch',
  pcpu,
  domid,
  vcpu,
  runstate,
});
const runs = (pcpu: number, domid: number, vcpu = 0) => sched(pcpu, domid, vcpu, RUNNABLE_TO_RUNNING);
const runningOf = ({ contexts }: StateRows) => contexts.map(({ pcpu, domid, vcpu }) => [pcpu, domid, vcpu]);
const translationsOf = ({ contexts }: StateRows) =>
  contexts.flatMap(({ translations }) => translations.map(({ gfn }) => gfn));
const lookup = (gfn: number, more: object = {}) => ({
  kind: 'lookup',
  pcpu: 0,
  domid: 1,
  gfn,
  mfn: 0x100 + gfn,
  p2m_type: 'ram_rw',
  flags: ['locked'],
  ...more,
});
const put = (gfn: number) => ({ kind: 'put_gfn', pcpu: 0, domid: 1, gfn });

test('a vcpu runs where it was switched to, until another is', async () => {
  expect(runningOf(await stateOf(runs(0, 0), runs(1, 1, 3), runs(0, 2)))).toEqual([
    [0, 2, 0],
    [1, 1, 3],
  ]);
});

test('who stops running leaves its pcpu unknown; who wakes on another pcpu runs nowhere (docs/xen.md#who-runs-where)', async () => {
  expect(runningOf(await stateOf(runs(0, 1), sched(0, 1, 0, RUNNING_TO_BLOCKED)))).toEqual([]);
  expect(runningOf(await stateOf(runs(0, 1), sched(0, 2, 0, BLOCKED_TO_RUNNABLE)))).toEqual([[0, 1, 0]]);
});

test('a vcpu uses the view that it was switched to, wherever it runs', async () => {
  const view = { kind: 'view_switch', pcpu: 0, domid: 1, view: 'altp2m:2' };
  const create = { ...view, kind: 'view_create' };
  const state = await stateOf(create, runs(0, 1, 5), view, runs(0, 2), runs(1, 1, 5));
  expect(state.contexts.map(row => [row.pcpu, row.domid, row.view])).toEqual([
    [0, 2, null],
    [1, 1, 'altp2m:2'],
  ]);
  expect(state.views).toMatchObject([{ view: 'altp2m:2', what: 'view', vcpus: [5] }]);
  // A switch of a domain that does not run there is nobody’s.
  expect((await stateOf(runs(0, 2), view)).contexts).toMatchObject([{ view: null }]);
});

test('what a pcpu has looked up is outstanding until it is put', async () => {
  const state = await stateOf(lookup(0x10), lookup(0x11), lookup(0x10), put(0x10));
  expect(state.contexts[0].translations).toEqual([
    { domid: 1, view: 'host', gfn: 0x10, mfn: 0x110, since_seq: 0 },
    { domid: 1, view: 'host', gfn: 0x11, mfn: 0x111, since_seq: 1 },
  ]);
  expect(translationsOf(await stateOf(lookup(0x10), lookup(0x10), put(0x10), put(0x10)))).toEqual([]);
});

test('a lookup that keeps no lock has nothing outstanding', async () => {
  expect(translationsOf(await stateOf(lookup(0x10, { flags: [] }), lookup(0x11, { flags: ['read_locked'] })))).toEqual(
    [],
  );
});

test('another vcpu on the pcpu has none of the translations of the one before', async () => {
  expect(translationsOf(await stateOf(runs(0, 0), lookup(0x10), runs(0, 0), lookup(0x11)))).toEqual([0x10, 0x11]);
  expect(translationsOf(await stateOf(runs(0, 0), lookup(0x10), runs(0, 1), lookup(0x11)))).toEqual([0x11]);
});
