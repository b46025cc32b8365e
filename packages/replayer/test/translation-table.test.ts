import { expect, test } from 'vitest';
import { replayTrace } from '../src/index.js';
import { traceMaker } from './support/trace-of.js';

const makeTrace = traceMaker();
const lookup = (pcpu: number, gfn: string, more: object = {}) => ({
  kind: 'lookup',
  pcpu,
  domid: 1,
  gfn,
  mfn: '0x9',
  p2m_type: 'ram_rw',
  flags: ['locked'],
  ...more,
});
const put = (pcpu: number, gfn: string, more: object = {}) => ({ kind: 'put_gfn', pcpu, domid: 1, gfn, ...more });

async function outstanding(events: readonly object[]) {
  const { translations } = replayTrace(await makeTrace(events));
  return [0, 1].map(pcpu => translations.of(pcpu).map(({ gfn, seq }) => [gfn, seq]));
}

test('a put_gfn ends the innermost translation of its gfn, domain and pcpu', async () => {
  const events = [
    lookup(0, '0x1'),
    lookup(1, '0x1'),
    lookup(0, '0x2'),
    lookup(0, '0x1'),
    put(0, '0x1'),
    put(0, '0x1', { domid: 2 }),
    put(0, '0x3'),
  ];
  expect(await outstanding(events)).toEqual([
    [
      [1, 0],
      [2, 2],
    ],
    [[1, 1]],
  ]);
});

test('a lookup that keeps no lock, or only the read lock, has nothing to put', async () => {
  expect(await outstanding([lookup(0, '0x1', { flags: [] }), lookup(0, '0x1', { flags: ['read_locked'] })])).toEqual([
    [],
    [],
  ]);
});

test('another vcpu has other translations; the same one keeps its own', async () => {
  const runs = (vcpu: number) => ({ kind: 'sched_switch', pcpu: 0, domid: 1, vcpu, runstate: 0x10 });
  expect(await outstanding([runs(0), lookup(0, '0x1'), runs(0)])).toEqual([[[1, 1]], []]);
  expect(await outstanding([runs(0), lookup(0, '0x1'), runs(1)])).toEqual([[], []]);
});

test('of 65 without a put the oldest leaves', async () => {
  const [[first, ...rest]] = await outstanding(
    Array.from({ length: 65 }, (_, i) => lookup(0, `0x${(i + 1).toString(16)}`)),
  );
  expect(first).toEqual([2, 1]);
  expect(rest).toHaveLength(63);
});
