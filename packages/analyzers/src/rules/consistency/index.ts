import { defineAnalyzer } from '../define-analyzer.js';
import { flushDropped } from './flush-dropped.js';
import { grantPairing } from './grant-pairing.js';
import { m2pAfterFailedSet } from './m2p-after-failed-set.js';
import { m2pMismatch } from './m2p-mismatch.js';
import { misalignedOrder } from './misaligned-order.js';
import { pagedWhileReferenced } from './paged-while-referenced.js';
import { pagingState } from './paging-state.js';
import { partialSuccess } from './partial-success.js';
import { podAccounting } from './pod-accounting.js';
import { podEntryCount } from './pod-entry-count.js';
import { podReclaim } from './pod-reclaim.js';
import { sharingInvariant } from './sharing-invariant.js';
import { specialReplaced } from './special-replaced.js';
import { typeWidened } from './type-widened.js';
import { writeOutOfMemory } from './write-out-of-memory.js';

export const consistency = defineAnalyzer({
  id: 'consistency',
  rules: [
    m2pMismatch,
    m2pAfterFailedSet,
    partialSuccess,
    misalignedOrder,
    specialReplaced,
    podAccounting,
    podReclaim,
    pagingState,
    sharingInvariant,
    grantPairing,
    podEntryCount,
    flushDropped,
    typeWidened,
    pagedWhileReferenced,
    writeOutOfMemory,
  ],
});
