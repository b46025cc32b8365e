import { type KindName, type LayoutProfile, layoutProfile } from '@p2mtrace/trace-format';
import { contexts, newContexts } from './contexts.js';
import type { TraceEvent } from './event.js';
import { grants, newGrants } from './grants.js';
import { linux, newLinux } from './linux.js';
import { locks, newLocks } from './locks.js';
import { loss } from './loss.js';
import { newP2m, p2m } from './p2m.js';
import { newPages, pages } from './pages.js';
import { newPaging, paging } from './paging.js';
import { newPod, pod } from './pod.js';
import { newSharing, sharing } from './sharing.js';
import { newTlb, tlb } from './tlb.js';
import { types } from './types.js';
import { newViews, views } from './views.js';

/** What a mechanism does with events, by kind. */
export type Mechanism = Partial<Record<KindName, (model: Model, event: TraceEvent) => void>>;

/** In the order in which they see an event. */
const MECHANISMS: readonly Mechanism[] = [
  contexts,
  views,
  p2m,
  pages,
  types,
  locks,
  pod,
  paging,
  sharing,
  grants,
  tlb,
  linux,
  loss,
];

/** A recorded value that was not the one that the model had. */
export interface Divergence {
  readonly seq: number;
  readonly about: string;
  readonly expected: bigint | string | null;
  readonly seen: bigint | string | null;
}

/** What the whole trace says of how its events are to be taken. */
export interface Setup {
  readonly layout: string;
  /** Some set_entry is not only an attempt. */
  readonly hasResults: boolean;
  /** The trace has cache adds: they tell when a reclaim's entry counts (docs/replay.md, PoD). */
  readonly hasCacheAdds: boolean;
}

/**
 * The state after some events as docs/replay.md has it: plain maps, bigint for u64, nothing made to be fast.
 * A second opinion about the replayer, made without knowledge of it.
 */
export class Model {
  readonly setup: Setup;
  readonly profile: LayoutProfile;
  /** seq of the event at hand. */
  now = -1;
  outOfRange = 0;
  readonly divergences: Divergence[] = [];
  /** pcpus whose records are being lost: until their lost events. */
  readonly losing = new Set<number>();
  readonly p2m = newP2m();
  readonly views = newViews();
  readonly pages = newPages();
  readonly locks = newLocks();
  readonly pod = newPod();
  readonly paging = newPaging();
  readonly sharing = newSharing();
  readonly grants = newGrants();
  readonly tlb = newTlb();
  readonly linux = newLinux();
  readonly contexts = newContexts();

  constructor(setup: Setup) {
    this.setup = setup;
    this.profile = layoutProfile(setup.layout);
  }

  apply(event: TraceEvent): void {
    this.now++;
    if (!isFailed(event) && isOutOfRange(event)) {
      this.outOfRange++;
      return;
    }
    for (const mechanism of MECHANISMS) mechanism[event.kind]?.(this, event);
  }

  /** Compares where both values are known. */
  check(about: string, expected: Divergence['expected'] | undefined, seen: Divergence['seen'] | undefined): void {
    if (expected !== undefined && seen !== undefined && expected !== seen) this.diverge(about, expected, seen);
  }

  diverge(about: string, expected: Divergence['expected'], seen: Divergence['seen']): void {
    if (this.losing.size === 0) this.divergences.push({ seq: this.now, about, expected, seen });
  }
}

export function isFailed(event: TraceEvent): boolean {
  return event.flags?.includes('failed') === true || (event.rc ?? 0) < 0;
}

const FRAMES = 1n << 52n;

/** The largest orders, of the kinds to which their order matters. */
const MAX_ORDER: Partial<Record<KindName, number>> = {
  set_entry: 28,
  snapshot: 28,
  pod_populate: 28,
  pod_zero_reclaim: 28,
  pod_splinter: 28,
  page_alloc: 20,
  page_free: 20,
  pod_cache_add: 20,
  pod_cache_get: 20,
};

/** Frames and orders that no machine has. */
function isOutOfRange(event: TraceEvent): boolean {
  const { gfn, mfn, new_gfn, old_mfn, order = 0 } = event;
  if ([gfn, mfn, new_gfn, old_mfn].some(frame => frame !== undefined && frame >= FRAMES)) return true;
  return order > (MAX_ORDER[event.kind] ?? order);
}
