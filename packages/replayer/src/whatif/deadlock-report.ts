import { RANGES } from './claim-rules.js';
import type { DeadlockMember } from './deadlock.js';
import type { ExperimentState } from './experiment-state.js';

/** What a pcpu that waits has and wants. */
export function deadlockMember({ requests, stacks, table, rules }: ExperimentState, p: number): DeadlockMember {
  const gfns = (isRange: boolean, first: number, last: number) =>
    isRange && Number.isFinite(last) ? ([first * rules.granule, (last + 1) * rules.granule - 1] as const) : null;
  const hasRanges = rules.how === RANGES;
  const d = stacks.bottom(p);
  const isOpen = stacks.depth[p] > 0;
  const held: (readonly [number, number] | null)[] = [];
  for (let k = d; k < stacks.top(p); k++) {
    const claims = table.of(stacks.res[k]);
    for (let c = 0; c < claims.held; c++) {
      if (claims.owner[c] === p) held.push(gfns(hasRanges, claims.first[c], claims.last[c]));
    }
  }
  return {
    pcpu: p,
    section: isOpen ? stacks.seq[d] : Number.NaN,
    seq: requests.seq[p],
    site: isOpen ? stacks.site[d] : requests.site[p],
    resource: requests.res[p],
    wanted: gfns(hasRanges && requests.isP2m[p] !== 0, requests.first[p], requests.last[p]),
    held,
  };
}
