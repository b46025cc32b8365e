import { replay } from '@p2mtrace/replayer';
import { expect, it } from 'vitest';
import { analyzeTrace, findFinding, storyOf } from '../../src/index.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();

const lock = { lock: '0xffff830120101010', lock_class: 'p2m', level: 16, mode: 'write', depth: 1, pcpu: 1 };
const entry = { kind: 'set_entry', pcpu: 1, domid: 1, gfn: 0x10, order: 0 };

/** pcpu 0 uses mfn 0x100 through a lookup that pcpu 1 has made stale, under the lock. */
const EVENTS = [
  { kind: 'page_alloc', pcpu: 1, mfn: 0x100, order: 0, owner: 1 }, // 0
  { ...entry, mfn: 0x100, p2m_type: 'ram_rw' }, // 1
  { kind: 'lookup', pcpu: 0, domid: 1, gfn: 0x10, mfn: 0x100, order: 0, p2m_type: 'ram_rw' }, // 2
  { ...lock, kind: 'lock_acquire', symbol: 'p2m_remove_page', caller: '0xffff82d0402dc73a' }, // 3
  { ...entry, p2m_type: 'invalid' }, // 4
  { ...lock, kind: 'lock_release' }, // 5
  { kind: 'page_use', pcpu: 0, mfn: 0x100, domid: 1, flags: ['write'] }, // 6
];

it('a story has the witnesses in order, what was so before and after each, who did it, and who held what', async () => {
  const reader = await traceOf(EVENTS);
  const { findings } = await analyzeTrace(reader);
  const { occurrence } = findFinding(findings, 'use-after-unmap.stale-translation');
  const trace = replay(reader, { index: false });
  const { steps, pcpus, chains, writers } = storyOf(trace, occurrence);
  trace.close();

  expect(pcpus).toEqual([0, 1]);
  expect(steps.map(({ roles, event }) => [event.seq, event.kind, ...roles])).toEqual([
    [2, 'lookup', 'lookup', 'unprotected'],
    [4, 'set_entry', 'changed'],
    [6, 'page_use', 'used'],
  ]);
  const [, changed, used] = steps;
  expect(changed.by).toMatchObject({ pcpu: 1, symbol: 'p2m_remove_page', under: { class: 'p2m', seq: 3 } });
  expect(changed.held).toMatchObject([{ pcpu: 1, class: 'p2m', mode: 'write', since_seq: 3 }]);
  expect(used.held).toEqual([]);

  const [gfn, mfn] = changed.scenes;
  expect(gfn).toMatchObject({
    subject: { about: 'gfn', domid: 1, gfn: 0x10, view: 'host' },
    before: { entries: [{ mfn: 0x100, p2m_type: 'ram_rw', set_seq: 1 }] },
    after: { entries: [{ mfn: null, p2m_type: 'invalid', set_seq: 4 }] },
  });
  expect(mfn).toMatchObject({
    subject: { about: 'mfn', mfn: 0x100 },
    before: { mappings: [{ domid: 1, gfn: 0x10 }], page: { state: 'allocated', last_seq: 0 } },
    after: { mappings: [] },
  });
  expect([...writers.keys()].sort()).toEqual([0, 1, 4]);
  expect(writers.get(4)?.symbol).toBe('p2m_remove_page');
  // Why the entry is what it is at the use: its writer, and the one before.
  expect(chains[0].why.reasons.map(({ seq, role }) => `${seq} ${role}`)).toEqual([
    '1 wrote the entry before it',
    '3 took the lock for it',
    '4 wrote the entry',
  ]);
});

it('a story of a lock shows the locks of its witnesses, also those that the finding does not name', async () => {
  const [a, b] = ['0xa0', '0xb0'].map((address, i) => ({ ...lock, lock: address, lock_class: `c${i}`, level: 0 }));
  const reader = await traceOf([
    { ...a, kind: 'lock_acquire', pcpu: 0 },
    { ...b, kind: 'lock_acquire', pcpu: 0 },
    { ...b, kind: 'lock_release', pcpu: 0 },
    { ...a, kind: 'lock_release', pcpu: 0 },
    { ...b, kind: 'lock_acquire' },
    { ...a, kind: 'lock_acquire' },
  ]);
  const { findings } = await analyzeTrace(reader, { only: ['lock-order.predicted-deadlock'] });
  const { occurrence } = findFinding(findings, 'lock-order');
  const { steps } = storyOf(replay(reader, { index: false }), occurrence);
  expect(steps.map(({ event, held }) => [event.seq, held.map(row => row.lock)])).toEqual([
    [0, []],
    [1, ['0xa0']],
    [4, []],
    [5, ['0xb0']],
  ]);
  expect(steps[3].scenes).toMatchObject([
    { subject: { about: 'lock', lock: '0xa0' }, before: { holders: [] }, after: { holders: [{ pcpu: 1 }] } },
  ]);
});
