import { allocationReference } from './allocation-reference.js';
import { changedWhileReferenced } from './changed-while-referenced.js';
import type { MakeCheck } from './check-scope.js';
import { countLimits } from './count-limits.js';
import { foreignBlocks } from './foreign-blocks.js';
import { foreignCleared } from './foreign-cleared.js';
import { foreignLeft } from './foreign-left.js';
import { freedBeforeFlush } from './freed-before-flush.js';
import { freedInUse } from './freed-in-use.js';
import { freedWhileMapped } from './freed-while-mapped.js';
import { frontendLookup } from './frontend-lookup.js';
import { gfnPairs } from './gfn-pairs.js';
import { givenWhileMapped } from './given-while-mapped.js';
import { grantPairing } from './grant-pairing.js';
import { leak } from './leak.js';
import { lockAgain } from './lock-again.js';
import { lockDuration } from './lock-duration.js';
import { lockHeld } from './lock-held.js';
import { lockLevels } from './lock-levels.js';
import { lockRelease } from './lock-release.js';
import { m2pAfterFailedSet } from './m2p-after-failed-set.js';
import { m2pMismatch } from './m2p-mismatch.js';
import { misalignedOrder } from './misaligned-order.js';
import { nominateReferences } from './nominate-references.js';
import { overrideNested } from './override-nested.js';
import { overrideRestore } from './override-restore.js';
import { pagingState } from './paging-state.js';
import { partialReference } from './partial-reference.js';
import { partialSuccess } from './partial-success.js';
import { podAccounting } from './pod-accounting.js';
import { podReclaim } from './pod-reclaim.js';
import { rangeOverlap } from './range-overlap.js';
import { remapLost } from './remap-lost.js';
import { sharingInvariant } from './sharing-invariant.js';
import { specialReplaced } from './special-replaced.js';
import { splitSection } from './split-section.js';
import { staleUse } from './stale-use.js';
import { staleView } from './stale-view.js';
import { unalignedRange } from './unaligned-range.js';
import { unlistedView } from './unlisted-view.js';
import { unprotectedWindow } from './unprotected-window.js';
import { unshareNotShared } from './unshare-not-shared.js';
import { useAfterFree } from './use-after-free.js';
import { zeroCounts } from './zero-counts.js';

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
