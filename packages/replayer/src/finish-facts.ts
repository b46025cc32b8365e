import type { TraceReader } from '@p2mtrace/trace-format';
import { predictDeadlocks } from './predict/predict.js';
import type { Replayer } from './replayer.js';
import { ALLOCATED, COUNT_KNOWN, FREE } from './tables/page-table.js';

/**
 * Hands over what only the end of a trace shows: the state of domains and pages, deadlocks in another order of its
 * events, and the rows still open. Without a `reader` these deadlocks are not looked for. `until` is where the replay has
 * stopped, exclusive.
 * @throws P2mError P2M_DAMAGED
 */
export function finishFacts(replayer: Replayer, reader?: TraceReader, until = Number.POSITIVE_INFINITY): void {
  const { facts, health, lastP2mSeq } = replayer;
  for (let domid = 0; domid < lastP2mSeq.length; domid++) {
    if (!Number.isNaN(lastP2mSeq[domid])) health.finish(domid, lastP2mSeq[domid]);
  }
  if (facts === undefined) return;
  replayer.checks?.end();
  finishPages(replayer);
  if (reader !== undefined) predictDeadlocks(reader, replayer, until);
  facts.locks.finish();
  replayer.factWriter.finish();
}

function finishPages(replayer: Replayer): void {
  const { facts, pages } = replayer;
  pages.forEach((mfn, slot) => {
    const state = pages.state[slot];
    if ((state & COUNT_KNOWN) === 0 || (state & FREE) !== 0) return;
    const count = pages.count(slot);
    const allocated = pages.hasAllocated(pages.countLow[slot], pages.countHigh[slot]);
    if (count === 0 && (state & ALLOCATED) === 0) return;
    facts?.pages?.end(slot, mfn, pages.generation[slot], replayer.ownerOf(slot), count, allocated);
  });
}
