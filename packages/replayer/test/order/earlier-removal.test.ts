import { describe, expect, it } from 'vitest';
import { breachesOf } from '../support/breaches-of.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();
const MFN = 5;
const entry = { domid: 1, gfn: 0x10, order: 0 };
const count = (references: bigint) => `0x${((1n << 63n) + references).toString(16)}`;

/** pcpu 1 takes a page that an entry maps; pcpu 0 removes the entry, in a write that is recorded behind it. */
const story = (taken: object, between: readonly object[], removal: object = {}) => [
  { kind: 'page_alloc', mfn: MFN, order: 0, owner: 1, pcpu: 0, tsc: 10 },
  { kind: 'set_entry', ...entry, mfn: MFN, p2m_type: 'ram_rw', pcpu: 0, tsc: 20 },
  { kind: 'mark', pcpu: 1, tsc: 40 },
  { ...taken, pcpu: 1, tsc: 50 },
  ...between,
  { kind: 'set_entry', ...entry, p2m_type: 'invalid', pcpu: 0, tsc: 60, ...removal },
  { kind: 'mark', pcpu: 0, tsc: 65 },
  { kind: 'page_alloc', mfn: 7, order: 0, owner: 1, pcpu: 0, tsc: 70 },
];

const TAKEN = {
  'given-while-mapped': { kind: 'owner_set', mfn: MFN, owner: 2, old_owner: 1 },
  'freed-while-mapped own': { kind: 'page_free', mfn: MFN, order: 0, owner: 1, count_info: count(0n) },
};

describe('a page that goes while an entry maps it', () => {
  it.each(Object.entries(TAKEN))('%s: for certain only if the entry can not have gone before', async (name, taken) => {
    const judged = async (between: readonly object[], removal?: object) =>
      breachesOf(await traceOf(story(taken, between, removal)))
        .filter(text => text.includes(` ${name} at`))
        .map(text => text.split(' ')[0]);
    expect(await judged([{ kind: 'mark', pcpu: 0, tsc: 55 }])).toEqual(['proven']);
    expect(await judged([])).toEqual(['possible']);
    // Whoever removes it on the same pcpu does so later, and another entry's removal says nothing.
    expect(await judged([], { pcpu: 1 })).toEqual(['proven']);
    expect(await judged([], { gfn: 0x11 })).toEqual(['proven']);
    // A large write takes it away as well.
    expect(await judged([], { gfn: 0, order: 9 })).toEqual(['possible']);
  });
});

describe('two pcpus that had a lock for writing at once', () => {
  const lock = { lock: '0x10', lock_class: 'p2m', level: 16, mode: 'write', depth: 1 };
  const both = [
    { kind: 'lock_acquire', ...lock, pcpu: 0, tsc: 1 },
    { kind: 'lock_acquire', ...lock, pcpu: 1, tsc: 2 },
    { kind: 'lock_release', ...lock, pcpu: 0, tsc: 3 },
    { kind: 'lock_release', ...lock, pcpu: 1, tsc: 4 },
  ];
  const judged = async (before: readonly object[]) =>
    breachesOf(await traceOf([...before, ...story(TAKEN['given-while-mapped'], [{ kind: 'mark', pcpu: 0, tsc: 55 }])]))
      .filter(text => text.includes(' given-while-mapped '))
      .map(text => text.split(' ')[0]);

  it('have clocks that tell no order', async () => {
    expect(await judged([])).toEqual(['proven']);
    expect(await judged(both)).toEqual(['possible']);
    expect(await judged([both[0], both[2], both[1], both[3]])).toEqual(['proven']);
  });
});
