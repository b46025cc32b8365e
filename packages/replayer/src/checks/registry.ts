import { nominateReferences } from './altp2m-sharing/nominate-references.js';
import { remapLost } from './altp2m-sharing/remap-lost.js';
import { staleView } from './altp2m-sharing/stale-view.js';
import { unlistedView } from './altp2m-sharing/unlisted-view.js';
import { unshareNotShared } from './altp2m-sharing/unshare-not-shared.js';
import type { MakeCheck } from './check-scope.js';
import { grantPairing } from './consistency/grant-pairing.js';
import { m2pAfterFailedSet } from './consistency/m2p-after-failed-set.js';
import { m2pMismatch } from './consistency/m2p-mismatch.js';
import { misalignedOrder } from './consistency/misaligned-order.js';
import { pagingState } from './consistency/paging-steps.js';
import { partialSuccess } from './consistency/partial-success.js';
import { podAccounting } from './consistency/pod-accounting.js';
import { podReclaim } from './consistency/pod-reclaim.js';
import { sharingInvariant } from './consistency/sharing-invariant.js';
import { specialReplaced } from './consistency/special-replaced.js';
import { foreignBlocks } from './gfn-range/foreign-blocks.js';
import { gfnPairs } from './gfn-range/gfn-pairs.js';
import { rangeOverlap } from './gfn-range/overlap.js';
import { splitSection } from './gfn-range/split-critical-section.js';
import { unalignedRange } from './gfn-range/unaligned.js';
import { lockHeld } from './lock-order/held-at-end.js';
import { lockLevels } from './lock-order/levels.js';
import { lockDuration } from './lock-order/long-hold.js';
import { lockRelease } from './lock-order/releases.js';
import { lockAgain } from './lock-order/taken-again.js';
import { foreignCleared } from './m2p-override/foreign-cleared.js';
import { foreignLeft } from './m2p-override/foreign-left.js';
import { frontendLookup } from './m2p-override/frontend-lookup.js';
import { overrideNested } from './m2p-override/nested.js';
import { overrideRestore } from './m2p-override/wrong-restore.js';
import { allocationReference } from './refcount/double-alloc-drop.js';
import { freedInUse } from './refcount/freed-in-use.js';
import { leak } from './refcount/leak.js';
import { countLimits } from './refcount/overflow.js';
import { partialReference } from './refcount/partial-reference.js';
import { zeroCounts } from './refcount/zero-counts.js';
import { changedWhileReferenced } from './use-after-unmap/changed-while-referenced.js';
import { freedBeforeFlush } from './use-after-unmap/freed-before-flush.js';
import { freedWhileMapped } from './use-after-unmap/freed-while-mapped.js';
import { givenWhileMapped } from './use-after-unmap/given-while-mapped.js';
import { staleUse } from './use-after-unmap/stale-use.js';
import { unprotectedWindow } from './use-after-unmap/unprotected-window.js';
import { useAfterFree } from './use-after-unmap/use-after-free.js';

/** Every check, in the order in which they look at an event. */
export const CHECKS: readonly MakeCheck[] = [
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
  overrideNested,
  frontendLookup,
  overrideRestore,
  lockLevels,
  lockAgain,
  lockRelease,
  lockHeld,
  lockDuration,
  gfnPairs,
  rangeOverlap,
  unalignedRange,
  splitSection,
  foreignBlocks,
  staleUse,
  freedWhileMapped,
  useAfterFree,
  givenWhileMapped,
  freedBeforeFlush,
  unprotectedWindow,
  changedWhileReferenced,
  zeroCounts,
  allocationReference,
  countLimits,
  partialReference,
  freedInUse,
  leak,
];

/**
 * Those of them that are about locks, references and what was looked up, some of which look at notes of these
 * (fact-recorder.ts); the others are about entries and pages. Both are about as much work.
 */
export const REFERENCE_CHECKS: ReadonlySet<MakeCheck> = new Set([
  pagingState,
  lockLevels,
  lockAgain,
  lockRelease,
  lockHeld,
  lockDuration,
  staleUse,
  useAfterFree,
  unprotectedWindow,
  changedWhileReferenced,
  zeroCounts,
  allocationReference,
  countLimits,
  leak,
]);
