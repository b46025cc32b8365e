import { KINDS, type KindName, type LayoutProfile, layoutProfile } from '@p2mtrace/trace-format';
import { contexts, newContexts } from './contexts.js';
import { snapshotOf, type TraceEvent } from './event.js';
import { grants, newGrants } from './grants.js';
import { linux, newLinux } from './linux.js';
import { locks, newLocks } from './locks.js';
import { loss } from './loss.js';
import { frames, leafOrder, newP2m, p2m } from './p2m.js';
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

/** Kinds that change anything. */
export const MODELLED = new Set(MECHANISMS.flatMap(mechanism => Object.keys(mechanism)));

/** A recorded value that was not the one that the model had. */
export interface Divergence {
  readonly seq: number;
  readonly about: string;
  readonly expected: Value;
  readonly seen: Value;
  /** The event that wrote the expected value; null where nobody knows, or before the trace. */
  readonly last: number | null;
  readonly event: TraceEvent;
}

/** What the whole trace says of how its events are to be taken. */
export interface Setup {
  readonly layout: string;
  /** Some set_entry is not only an attempt. */
  readonly hasResults: boolean;
  /** What leaves a reverse map is recorded by itself. */
  readonly hasRmapDel: boolean;
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
  /** The event at hand, and its seq. */
  now = -1;
  private event: TraceEvent = { kind: 'mark' };
  outOfRange = 0;
  readonly divergences: Divergence[] = [];
  /** Mismatches while records were being lost, which prove nothing. */
  suppressed = 0;
  readonly losses: { readonly seq: number; readonly event: TraceEvent }[] = [];
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

  apply(recorded: TraceEvent): void {
    this.now++;
    this.event = recorded;
    if (lacksSomething(recorded) || this.isWithoutEffect(recorded)) return;
    const event = recorded.mfn === INVALID_IN_ENTRY && isEntry(recorded) ? withoutFrame(recorded) : recorded;
    const isFailedWrite = event.kind === 'set_entry' && isFailed(event);
    if (!isFailedWrite && isOutOfRange(event)) {
      this.outOfRange++;
      return;
    }
    for (const mechanism of MECHANISMS) mechanism[event.kind]?.(this, event);
  }

  /** It failed, or is the attempt at a write whose result is recorded too; recorded values hold all the same. */
  private isWithoutEffect(event: TraceEvent): boolean {
    const isAttempt = event.flags?.includes('attempt') === true && this.setup.hasResults;
    const group = KINDS.find(({ name }) => name === event.kind)?.group ?? '';
    if (event.kind === 'set_entry' && !isAttempt) return false;
    const tellsValues = event.kind === 'lookup' || ['page', 'sharing', 'snapshot'].includes(group);
    return !tellsValues && event.kind !== 'snapshot' && (isFailed(event) || isAttempt);
  }

  /** Compares where both values are known. */
  check(about: string, expected: Value | undefined, seen: Value | undefined, last: number | null = null): void {
    if (expected !== undefined && seen !== undefined && expected !== seen) this.diverge(about, expected, seen, last);
  }

  diverge(about: string, expected: Value, seen: Value, last: number | null = null): void {
    const { now: seq, event } = this;
    if (this.losing.size > 0) this.suppressed++;
    else this.divergences.push({ seq, about, expected, seen, last, event });
  }
}

type Value = bigint | null;

/** It does not have all that its kind must have. */
function lacksSomething(event: TraceEvent): boolean {
  const needs = KINDS.find(({ name }) => name === event.kind)?.needs ?? [];
  return needs.some(name => event[name as keyof TraceEvent] === undefined);
}

export function isFailed(event: TraceEvent): boolean {
  return event.flags?.includes('failed') === true || (event.rc ?? 0) < 0;
}

/** An entry of p2m-pt has 40 bits for a frame, and INVALID_MFN sets them all. */
const INVALID_IN_ENTRY = (1n << 40n) - 1n;
const isEntry = (event: TraceEvent) =>
  ['lookup', 'set_entry'].includes(event.kind) || (event.kind === 'snapshot' && snapshotOf(event) === 'entry');
const withoutFrame = ({ mfn: _, ...event }: TraceEvent): TraceEvent => event;

export const FRAMES = 1n << 52n;

/** The largest orders, where the order matters. */
const MAX_ORDER: Readonly<Record<string, number>> = {
  set_entry: 28,
  snapshot_entry: 28,
  pod_populate: 20,
  pod_zero_reclaim: 20,
  pod_splinter: 20,
  page_alloc: 20,
  page_free: 20,
  pod_cache_add: 20,
  pod_cache_get: 20,
  snapshot_pod: 20,
};

/** Where none of the frames matters, or one only. */
const FRAMES_USED: Readonly<Record<string, readonly ('gfn' | 'mfn')[]>> = {
  put_gfn: [],
  grant_unmap: [],
  grant_transfer: [],
  decrease_reservation: [],
  npf: [],
  snapshot_lock: [],
  snapshot_page: ['mfn'],
  snapshot_nothing: [],
  snapshot_translation: [],
  page_use: ['mfn'],
  p2m_table_free: [],
};

/** What writes entries of any order. */
const ENTRIES = ['set_entry', 'snapshot_entry', 'pod_populate'];

/** Frames and orders that no machine has. */
function isOutOfRange(event: TraceEvent): boolean {
  const { order = 0, mfn = 0n, new_gfn } = event;
  const what = event.kind === 'snapshot' ? `snapshot_${snapshotOf(event)}` : event.kind;
  const used = (FRAMES_USED[what] ?? (['gfn', 'mfn'] as const)).map(name => event[name]);
  if ([...used, new_gfn].some(frame => frame !== undefined && frame >= FRAMES)) return true;
  if (order > (MAX_ORDER[what] ?? order)) return true;
  // Its mfn is the last of 512 frames.
  const first = what === 'pod_zero_reclaim' && order === 9 ? mfn - 511n : mfn;
  if (MAX_ORDER[what] !== undefined && (first < 0n || first + frames(order) > FRAMES)) return true;
  // No leaf of a page table maps frames that are not aligned to it.
  return ENTRIES.includes(what) && mfn % frames(leafOrder(order)) !== 0n;
}
