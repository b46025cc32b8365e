import { describe, expect, it } from 'vitest';
import { breachesOf } from '../support/breaches-of.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();
const MFN = 5;
const entry = { domid: 1, gfn: 0x10, order: 0 };
const count = (references: bigint) => `0x${((1n << 63n) + references).toString(16)}`;

/** pcpu 1 takes a page that pcpu 0 has a reference on; who drops it in a put that is recorded last. */
const story = (taken: object, between: readonly object[]) => [
  { kind: 'page_alloc', mfn: MFN, order: 0, owner: 1, pcpu: 0, tsc: 10 },
  { kind: 'set_entry', ...entry, mfn: MFN, p2m_type: 'ram_rw', pcpu: 0, tsc: 20 },
  { kind: 'get_page', mfn: MFN, owner: 1, count_info: count(2n), pcpu: 0, tsc: 30 },
  { kind: 'mark', pcpu: 1, tsc: 40 },
  { ...taken, pcpu: 1, tsc: 50 },
  ...between,
  { kind: 'put_page', mfn: MFN, owner: 1, count_info: count(1n), pcpu: 0, tsc: 60 },
];

const TAKEN = {
  'pod-reclaim referenced': { kind: 'pod_zero_reclaim', ...entry, mfn: MFN },
  'paged-while-referenced': { kind: 'set_entry', ...entry, mfn: MFN, p2m_type: 'ram_paging_out' },
  'paging-state referenced': { kind: 'page_nominate', domid: 1, gfn: 0x10, mfn: MFN },
};

describe('who takes a page that has a reference', () => {
  it.each(Object.entries(TAKEN))('%s: for certain only if its put can not have come before', async (name, taken) => {
    const judged = async (between: readonly object[]) =>
      breachesOf(await traceOf(story(taken, between)))
        .filter(text => text.includes(` ${name} at`))
        .map(text => text.split(' ')[0]);
    expect(await judged([{ kind: 'mark', pcpu: 0, tsc: 55 }])).toEqual(['proven']);
    expect(await judged([])).toEqual(['possible']);
    // The put of another page says nothing.
    const other = { kind: 'put_page', mfn: 6, owner: 1, pcpu: 0, tsc: 57 };
    expect(await judged([other])).toEqual(['proven']);
  });

  it('nominates it for sharing', async () => {
    const nomination = { kind: 'share_nominate', domid: 1, gfn: 0x10, mfn: MFN, rmap_count: 1, rc: 0 };
    const own = { kind: 'get_page', mfn: MFN, owner: 1, pcpu: 1, tsc: 45 };
    const judged = async (between: readonly object[]) => {
      const [alloc, set, get, mark, ...rest] = story(nomination, between);
      const found = breachesOf(
        await traceOf([alloc, set, get, mark, own, ...rest.slice(0, -1), { ...rest.at(-1), count_info: count(2n) }]),
      );
      return found.filter(text => text.includes(' nominate-references at')).map(text => text.split(' ')[0]);
    };
    expect(await judged([{ kind: 'mark', pcpu: 0, tsc: 55 }])).toEqual(['proven']);
    expect(await judged([])).toEqual(['possible']);
  });
});
