import { describe, expect, it } from 'vitest';
import { replay } from '../../src/index.js';
import { breachesOf } from '../support/breaches-of.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();
const entry = { domid: 1, gfn: 0x10, order: 0, p2m_type: 'ram_rw' };
const write = (pcpu: number, tsc: number, mfn: number) => ({ kind: 'set_entry', ...entry, pcpu, tsc, mfn });
const lookup = (pcpu: number, tsc: number, mfn: number) => ({ kind: 'lookup', ...entry, pcpu, tsc, mfn });
const mark = (pcpu: number, tsc: number) => ({ kind: 'mark', pcpu, tsc });

async function divergences(...events: object[]): Promise<number> {
  const trace = replay(await traceOf(events), { index: false });
  const { replayer } = trace.at(trace.end);
  return replayer.health.divergences.openRows;
}

describe('a lookup', () => {
  it('may give what stood before a write in its window, and only then', async () => {
    expect(await divergences(write(0, 10, 1), mark(1, 20), write(0, 30, 2), lookup(1, 40, 1))).toBe(0);
    expect(await divergences(write(0, 10, 1), write(0, 30, 2), mark(1, 35), lookup(1, 40, 1))).toBe(1);
    expect(await divergences(write(0, 10, 1), mark(1, 20), write(0, 30, 2), lookup(1, 40, 3))).toBe(1);
  });

  it('may give what another pcpu writes with its next record, and only then', async () => {
    expect(await divergences(write(0, 10, 1), mark(1, 15), lookup(1, 40, 2), write(0, 50, 2))).toBe(0);
    expect(await divergences(write(0, 10, 1), mark(1, 15), lookup(1, 40, 2), mark(0, 45), write(0, 50, 2))).toBe(1);
    expect(await divergences(write(0, 10, 1), mark(1, 15), lookup(1, 40, 2), write(0, 50, 3))).toBe(1);
  });

  it('may find the hole that is written next, by either of its names, before the flush that it puts off', async () => {
    const hole = { domid: 1, gfn: 0x10, order: 0 };
    const removal = { kind: 'set_entry', ...hole, p2m_type: 'invalid', pcpu: 0, tsc: 50 };
    const found = { kind: 'lookup', ...hole, p2m_type: 'mmio_dm', pcpu: 1, tsc: 40 };
    const flush = { kind: 'tlb_flush_deferred', domid: 1, pcpu: 0, tsc: 45 };
    expect(await divergences(write(0, 10, 1), mark(1, 15), found, removal)).toBe(0);
    expect(await divergences(write(0, 10, 1), mark(1, 15), found, flush, removal)).toBe(0);
    expect(await divergences(write(0, 10, 1), mark(1, 15), found, mark(0, 45), removal)).toBe(1);
  });
});

describe('a finding across pcpus', () => {
  /** The page is freed by pcpu 0 while an entry of pcpu 1's writing maps it; `freed` before or after that entry's window. */
  const story = (between: object[]) => [
    { kind: 'page_alloc', mfn: 5, order: 0, owner: 1, pcpu: 0, tsc: 10 },
    { kind: 'lookup', ...entry, mfn: 5, pcpu: 1, tsc: 20 },
    { kind: 'page_free', mfn: 5, order: 0, owner: 1, pcpu: 0, tsc: 30 },
    ...between,
    { kind: 'page_use', mfn: 5, pcpu: 1, tsc: 40, flags: ['read'] },
  ];

  it('is proven where the windows leave one order, and possible where they do not', async () => {
    const certain = await breachesOf(await traceOf(story([mark(1, 35)])));
    const open = await breachesOf(await traceOf(story([])));
    const use = (found: string[]) =>
      found.filter(text => text.includes('use-after-free')).map(text => text.split(' ')[0]);
    expect(use(certain)).toEqual(['proven']);
    expect(use(open)).toEqual(['possible']);
  });
});
