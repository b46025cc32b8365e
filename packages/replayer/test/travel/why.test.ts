import { describe, expect, it } from 'vitest';
import { lastWriteBefore, parseSubject, replay, why } from '../../src/index.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();

/** The reasons as `seq role`. */
async function reasonsFor(events: readonly object[], about: string, which: string, at: number) {
  const { reasons, notes } = why(replay(await traceOf(events)), parseSubject(about, which), at);
  return { reasons: reasons.map(({ seq, role }) => `${seq} ${role}`), notes };
}

const entry = { kind: 'set_entry', domid: 1, order: 0, p2m_type: 'ram_rw', pcpu: 0 };
const lock = { lock: '0x10', lock_class: 'p2m', mode: 'write', level: 16 };

describe('why an entry is as it is', () => {
  const events = [
    { kind: 'page_alloc', mfn: 0x1000, order: 9, owner: 1 }, // 0
    { ...entry, gfn: 0x10, p2m_type: 'populate_on_demand' },
    { ...lock, kind: 'lock_acquire', pcpu: 0 }, // 2
    { ...entry, gfn: 0x10, mfn: 0x1007, flags: ['failed'] },
    { ...entry, gfn: 0x10, mfn: 0x1007 }, // 4
    { kind: 'm2p_set', mfn: 0x1007, gfn: 0x10 },
    { ...lock, kind: 'lock_release', pcpu: 0 }, // 6
    { kind: 'page_free', mfn: 0x1007, order: 0 },
    { kind: 'page_alloc', mfn: 0x1007, order: 0, owner: 2 }, // 8
    { kind: 'lookup', domid: 1, gfn: 0x30, mfn: 0x5, p2m_type: 'ram_ro' },
    { kind: 'lost', count: 1, pcpu: 0 }, // 10
  ];

  it('its writer, the lock, the entry before, the life of its mfn, and the M2P', async () => {
    expect(await reasonsFor(events, 'gfn', '1:0x10', 9)).toEqual({
      reasons: [
        '0 allocated the mfn',
        '1 wrote the entry before it',
        '2 took the lock for it',
        '4 wrote the entry',
        '5 set the M2P of the mfn',
        '7 freed the mfn since',
        '8 allocated the mfn since',
      ],
      notes: [],
    });
    expect((await reasonsFor(events, 'gfn', '1:0x10', 5)).reasons).toHaveLength(5);
  });

  it('who showed an entry that was there before, or made it unknown', async () => {
    expect(await reasonsFor(events, 'gfn', '1:0x30', 9)).toEqual({
      reasons: ['9 showed the entry first'],
      notes: ['the entry was there before the trace showed it'],
    });
    expect((await reasonsFor(events, 'gfn', '1:0x10', 10)).reasons).toEqual(['10 made it unknown']);
    expect((await reasonsFor(events, 'gfn', '1:0x99', 10)).reasons).toEqual([]);
  });
});

describe('why a page has its count', () => {
  const get = { kind: 'get_page', mfn: 0x100, pcpu: 0 };
  const put = { kind: 'put_page', mfn: 0x100, pcpu: 0 };

  it('references that were taken since its allocation, and not dropped by the same pcpu', async () => {
    const events = [
      get,
      { kind: 'page_alloc', mfn: 0x100, order: 0, owner: 1 }, // 1
      get,
      { ...get, pcpu: 1 }, // 3
      put,
      { ...entry, gfn: 0x10, mfn: 0x100 }, // 5
      { kind: 'alloc_ref_drop', mfn: 0x100, pcpu: 0 },
      { ...entry, gfn: 0x10, p2m_type: 'invalid' }, // 7
      { kind: 'm2p_set', mfn: 0x100 },
    ];
    expect(await reasonsFor(events, 'mfn', '0x100', 8)).toEqual({
      reasons: [
        '1 allocated the page',
        '3 took a reference, not dropped',
        '5 mapped it last, at gfn 1:0x10@host',
        "6 dropped the allocation's reference",
        '7 ended that mapping',
        '8 set the M2P of the mfn',
      ],
      notes: ['1 references were taken and dropped again since'],
    });
    expect((await reasonsFor(events, 'mfn', '0x100', 5)).reasons).toEqual([
      '1 allocated the page',
      '3 took a reference, not dropped',
      '5 maps it at gfn 1:0x10@host',
    ]);
  });

  it('a put that clears PGC_allocated drops the reference of the allocation, as planted-1 has it', async () => {
    const events = [
      { kind: 'page_alloc', mfn: 0x100, order: 0, owner: 1 },
      { ...get, count_info: '0x8000000000000002' },
      { ...put, count_info: '0x1' },
    ];
    expect((await reasonsFor(events, 'mfn', '0x100', 2)).reasons).toEqual([
      '0 allocated the page',
      '1 took a reference, not dropped',
      "2 dropped the allocation's reference",
    ]);
  });

  it('what the trace did not see taken', async () => {
    expect((await reasonsFor([put, { kind: 'put_type', mfn: 0x100 }], 'mfn', '0x100', 1)).reasons).toEqual([
      '0 dropped a reference that the trace did not see taken',
      '1 dropped a type reference that the trace did not see taken',
    ]);
  });
});

describe('why a lock is held', () => {
  const events = [
    { ...lock, kind: 'lock_acquire', pcpu: 0 }, // 0
    { ...lock, lock: '0x20', lock_class: 'pod', kind: 'lock_acquire', pcpu: 1 },
    { ...lock, kind: 'lock_wait', pcpu: 1 }, // 2
    { ...lock, kind: 'lock_release', pcpu: 0 },
    { ...lock, kind: 'lock_acquire', pcpu: 1 }, // 4
    { ...lock, kind: 'lock_wait', pcpu: 0 },
    { ...lock, kind: 'lock_release', pcpu: 1 }, // 6
  ];

  it('its holder, behind whom it waited, and who waits', async () => {
    expect((await reasonsFor(events, 'lock', '0x10', 5)).reasons).toEqual([
      '0 had it then',
      '1 took another lock, held then',
      '2 waited for it',
      '3 let it go',
      '4 took it',
      '5 waits for it',
    ]);
  });

  it('of a free one, who had it last', async () => {
    expect((await reasonsFor(events, 'lock', '0x10', 3)).reasons).toEqual(['0 had taken it', '3 let it go last']);
    expect(await reasonsFor([{ kind: 'mark' }, ...events], 'lock', '0x20', 0)).toEqual({
      reasons: [],
      notes: ['nobody has been seen to take it'],
    });
  });
});

it('the last write before an event is that of the entry as it stood, not an attempt, a failure or a look', async () => {
  const trace = replay(
    await traceOf([
      { ...entry, gfn: 0x10, mfn: 0x1, flags: ['attempt'] },
      { ...entry, gfn: 0x10, mfn: 0x1 },
      { ...entry, gfn: 0x10, mfn: 0x1 },
      { ...entry, gfn: 0x10, mfn: 0x2, flags: ['failed'] },
      { kind: 'lookup', domid: 1, gfn: 0x10, mfn: 0x1, p2m_type: 'ram_rw' },
    ]),
  );
  const last = (seq: number) => lastWriteBefore(trace, parseSubject('gfn', '1:0x10'), seq).map(({ from }) => from);
  expect([0, 1, 2, 3, 5, 99].map(last)).toEqual([[], [], [1], [2], [2], [2]]);
});
