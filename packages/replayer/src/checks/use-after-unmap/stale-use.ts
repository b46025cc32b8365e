import type { ReplayBatch } from '../../batch/replay-batch.js';
import { mfnOf } from '../../batch/row-values.js';
import type { StaleLookup } from '../../facts/translation-facts.js';

/** What both rules of a lookup that was used after its entry had changed say of it. */
export function staleUse(stale: StaleLookup, used: number, batch: ReplayBatch, row: number) {
  const { seq, since, changed, freed, place: _, ...lookup } = stale;
  return {
    detail: freed ? 'page_free' : 'set_entry',
    mfn: mfnOf(batch, row),
    ...lookup,
    at: { lookup: seq, unprotected: since, changed, used },
  } as const;
}
