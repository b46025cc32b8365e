import { nominateReferences } from './altp2m-sharing/nominate-references.js';
import { remapLost } from './altp2m-sharing/remap-lost.js';
import { staleView } from './altp2m-sharing/stale-view.js';
import { unlistedView } from './altp2m-sharing/unlisted-view.js';
import { unshareNotShared } from './altp2m-sharing/unshare-not-shared.js';
import type { AnyCheck } from './check.js';
import { flushDropped } from './consistency/flush-dropped.js';
import { grantPairing } from './consistency/grant-pairing.js';
import { m2pAfterFailedSet } from './consistency/m2p-after-failed-set.js';
import { m2pMismatch } from './consistency/m2p-mismatch.js';
import { misalignedOrder } from './consistency/misaligned-order.js';
import { pagedWhileReferenced } from './consistency/paged-while-referenced.js';
import { pagingState } from './consistency/paging-state.js';
import { partialSuccess } from './consistency/partial-success.js';
import { podAccounting } from './consistency/pod-accounting.js';
import { podEntryCount } from './consistency/pod-entry-count.js';
import { podReclaim } from './consistency/pod-reclaim.js';
import { sharingInvariant } from './consistency/sharing-invariant.js';
import { specialReplaced } from './consistency/special-replaced.js';
import { typeWidened } from './consistency/type-widened.js';
import { writeOutOfMemory } from './consistency/write-out-of-memory.js';
import { foreignBlocks } from './gfn-range/foreign-blocks.js';
import { getWithoutPut } from './gfn-range/get-without-put.js';
import { overlap } from './gfn-range/overlap.js';
import { putWithoutGet } from './gfn-range/put-without-get.js';
import { splitCriticalSection } from './gfn-range/split-critical-section.js';
import { unaligned } from './gfn-range/unaligned.js';
import { heldAtEnd } from './lock-order/held-at-end.js';
import { level } from './lock-order/level.js';
import { longHold } from './lock-order/long-hold.js';
import { notRecursive } from './lock-order/not-recursive.js';
import { outOfOrderRelease } from './lock-order/out-of-order-release.js';
import { readInversion } from './lock-order/read-inversion.js';
import { releaseElsewhere } from './lock-order/release-elsewhere.js';
import { releaseNotHeld } from './lock-order/release-not-held.js';
import { upgrade } from './lock-order/upgrade.js';
import { foreignCleared } from './m2p-override/foreign-cleared.js';
import { foreignLeft } from './m2p-override/foreign-left.js';
import { frontendLookup } from './m2p-override/frontend-lookup.js';
import { nested } from './m2p-override/nested.js';
import { wrongRestore } from './m2p-override/wrong-restore.js';
import { doubleAllocDrop } from './refcount/double-alloc-drop.js';
import { freedWithReferences } from './refcount/freed-with-references.js';
import { freedWithType } from './refcount/freed-with-type.js';
import { getOnFree } from './refcount/get-on-free.js';
import { leak } from './refcount/leak.js';
import { orphaned } from './refcount/orphaned.js';
import { overflow } from './refcount/overflow.js';
import { partialReference } from './refcount/partial-reference.js';
import { putTooMany } from './refcount/put-too-many.js';
import { typeBeforeFlush } from './refcount/type-before-flush.js';
import { typeLeak } from './refcount/type-leak.js';
import { typeWithoutGeneral } from './refcount/type-without-general.js';
import { underflow } from './refcount/underflow.js';
import { changedWhileReferenced } from './use-after-unmap/changed-while-referenced.js';
import { freedBeforeFlush } from './use-after-unmap/freed-before-flush.js';
import { freedWhileMapped } from './use-after-unmap/freed-while-mapped.js';
import { givenWhileMapped } from './use-after-unmap/given-while-mapped.js';
import { lateReference } from './use-after-unmap/late-reference.js';
import { refusedReference } from './use-after-unmap/refused-reference.js';
import { staleTranslation } from './use-after-unmap/stale-translation.js';
import { unmappedUse } from './use-after-unmap/unmapped-use.js';
import { unprotectedWindow } from './use-after-unmap/unprotected-window.js';
import { useAfterFree } from './use-after-unmap/use-after-free.js';

/** Every check, in the order in which they look at an event: one for each rule of BREACH_TABLE. */
export const CHECKS: readonly AnyCheck[] = [
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
  unlistedView,
  staleView,
  unshareNotShared,
  nominateReferences,
  remapLost,
  foreignLeft,
  foreignCleared,
  nested,
  frontendLookup,
  wrongRestore,
  level,
  readInversion,
  notRecursive,
  upgrade,
  releaseNotHeld,
  releaseElsewhere,
  outOfOrderRelease,
  heldAtEnd,
  longHold,
  putWithoutGet,
  getWithoutPut,
  overlap,
  unaligned,
  splitCriticalSection,
  foreignBlocks,
  staleTranslation,
  lateReference,
  refusedReference,
  freedWhileMapped,
  useAfterFree,
  unmappedUse,
  givenWhileMapped,
  freedBeforeFlush,
  unprotectedWindow,
  changedWhileReferenced,
  getOnFree,
  underflow,
  typeWithoutGeneral,
  doubleAllocDrop,
  overflow,
  partialReference,
  freedWithReferences,
  freedWithType,
  leak,
  typeLeak,
  putTooMany,
  orphaned,
  typeBeforeFlush,
  podEntryCount,
  flushDropped,
  typeWidened,
  pagedWhileReferenced,
  writeOutOfMemory,
];
