import { openTraceSession } from '@p2mtrace/analyzers';
import { expect, it } from 'vitest';
import { inRows, LANE_ITEMS, type Timeline, timelineOf } from '../../src/report/timeline.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();

const ref = (kind: 'get_page' | 'put_page', symbol: string) => ({
  kind,
  pcpu: 0,
  mfn: '0x100',
  owner: 1,
  caller: symbol === 'dropper' ? '0xffff82d040002000' : '0xffff82d040001000',
  symbol,
});
const EVENTS = [
  { kind: 'page_alloc', pcpu: 0, mfn: '0x100', order: 0, owner: 1 },
  { kind: 'set_entry', pcpu: 0, domid: 1, gfn: '0x10', mfn: '0x100', order: 0, p2m_type: 'ram_rw' },
  ref('get_page', 'taker'),
  { kind: 'set_entry', pcpu: 0, domid: 1, gfn: '0x11', mfn: '0x101', order: 0, p2m_type: 'ram_rw' },
  ref('put_page', 'dropper'),
  { kind: 'set_entry', pcpu: 0, domid: 1, gfn: '0x10', order: 0, p2m_type: 'invalid' },
];

async function timeline(events: readonly object[], subject: Record<string, string | number>, seqs: readonly number[]) {
  const reader = await traceOf(events);
  const session = await openTraceSession(reader);
  const witness = seqs.map(seq => ({ seq, role: 'seen' }));
  return timelineOf(session, reader.rows, { subject, witness }, []).finally(() => session.close());
}

const spans = ({ lanes }: Timeline) =>
  Object.fromEntries(lanes.map(({ name, items }) => [name, items.map(({ from, to, label }) => [from, to, label])]));

it('has what became of a gfn and an mfn, and nothing of their neighbours', async () => {
  const made = await timeline(EVENTS, { domid: 1, gfn: '0x10', mfn: '0x100' }, [2, 4]);
  expect(spans(made)).toEqual({
    'p2m entries of the gfn': [
      [1, 5, '0x100 ram_rw'],
      [5, null, 'none invalid'],
    ],
    'mappings of the mfn': [[1, 5, 'd1 0x10 ram_rw']],
    page: [[0, null, 'of d1']],
    references: [
      [0, null, 'allocation'],
      [2, 4, 'get_page'],
    ],
    'events of the gfn': [
      [1, 1, 'set_entry'],
      [5, 5, 'set_entry'],
    ],
    'events of the mfn': [
      [0, 0, 'page_alloc'],
      [1, 1, 'set_entry'],
      [2, 2, 'get_page'],
      [4, 4, 'put_page'],
    ],
  });
  const references = made.lanes.find(({ name }) => name === 'references');
  expect(references?.items[1].detail).toBe('taken by taker, dropped by dropper');
  expect(references?.rows).toBe(2);
});

it('finds a gfn inside of a superpage, and names its own frame', async () => {
  const superpage = { kind: 'set_entry', pcpu: 0, domid: 1, gfn: '0x200', mfn: '0x400', order: 9, p2m_type: 'ram_rw' };
  const made = await timeline([superpage], { domid: 1, gfn: '0x205' }, [0]);
  expect(spans(made)['p2m entries of the gfn']).toEqual([[0, null, '0x405 ram_rw']]);
});

it('keeps what is nearest to the witnesses, and says how much there was', async () => {
  const times = LANE_ITEMS + 10;
  const many = Array.from({ length: times }, () => [ref('get_page', 'a'), ref('put_page', 'a')]).flat();
  const made = await timeline(many, { mfn: '0x100' }, [2 * times - 2]);
  const lane = made.lanes.find(({ name }) => name === 'references');
  expect([lane?.items.length, lane?.of]).toEqual([LANE_ITEMS, times]);
  expect(lane?.items.at(-1)?.from).toBe(2 * times - 2);
  expect(lane?.items[0].from).toBe(20);
});

it('shows locks of a witness and of its pcpu around it', async () => {
  const lock = (kind: string, pcpu: number) => ({
    ...{ kind, pcpu, lock: `0xffff83000000${pcpu}000`, lock_class: 'p2m', mode: 'write', depth: 1 },
  });
  const events = [lock('lock_acquire', 0), lock('lock_acquire', 1), ref('get_page', 'a'), lock('lock_release', 0)];
  const made = await timeline(events, { mfn: '0x100' }, [2]);
  expect(spans(made)['locks of pcpu 0']).toEqual([[0, 3, 'p2m (write)']]);
});

it('gives what overlaps a line of its own', () => {
  const item = (from: number | null, to: number | null) => ({ from, to, label: '', detail: '' });
  const { items, rows } = inRows([item(null, 3), item(1, 2), item(2, 2), item(3, null), item(4, 5)]);
  expect(items.map(({ row }) => row)).toEqual([0, 1, 1, 0, 1]);
  expect(rows).toBe(2);
});
