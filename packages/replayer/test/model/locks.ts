import { snapshotOf, type TraceEvent } from './event.js';
import type { Mechanism, Model } from './model.js';

/** An acquisition that its pcpu has not released. */
interface Held {
  readonly lock: bigint;
  readonly mode: string;
  readonly level: number | null;
  readonly since: number;
}

/** A lock that somebody may hold exclusively. */
interface Lock {
  /** undefined: nobody, or unknown. */
  owner: number | undefined;
  /** 0 for a lock that is known to be free, undefined where nobody knows. */
  depth: number | undefined;
  /** mm_lock_level that its first take found, and its last release restores. */
  unlockLevel: number;
}

interface Pcpu {
  /** mm_lock_level as far as the trace shows it. */
  level: number;
  /** Outermost first. */
  held: Held[];
}

/** docs/replay.md#locks */
const MOST_HELD = 64;

export const newLocks = () => ({ locks: new Map<bigint, Lock>(), pcpus: new Map<number, Pcpu>() });

function pcpuOf(model: Model, pcpu: number): Pcpu {
  const found = model.locks.pcpus.get(pcpu) ?? { level: 0, held: [] };
  model.locks.pcpus.set(pcpu, found);
  return found;
}

function lockOf(model: Model, address: bigint): Lock {
  const found = model.locks.locks.get(address) ?? { owner: undefined, depth: undefined, unlockLevel: 0 };
  model.locks.locks.set(address, found);
  return found;
}

function acquire(model: Model, event: TraceEvent, isChecked = true): void {
  const { pcpu, lock: address, mode, level } = event;
  if (pcpu === undefined || address === undefined || mode === undefined) return;
  const cpu = pcpuOf(model, pcpu);
  if (cpu.held.length === MOST_HELD) forgetOldest(model, pcpu, cpu);
  if (mode !== 'read') take(model, event, cpu, lockOf(model, address), isChecked);
  cpu.held.push({ lock: address, mode, level: level ?? null, since: model.now });
}

/** Nobody holds so many: the release of the first was not recorded, and what became of it is unknown. */
function forgetOldest(model: Model, pcpu: number, cpu: Pcpu): void {
  model.diverge('held', BigInt(MOST_HELD), BigInt(MOST_HELD + 1));
  const { lock: address } = cpu.held.shift()!;
  const lock = lockOf(model, address);
  const isHeldStill = cpu.held.some(held => held.lock === address && held.mode !== 'read');
  if (lock.owner === pcpu && !isHeldStill) Object.assign(lock, { owner: undefined, depth: undefined });
}

/** A mutex, write lock or level taken, perhaps again. */
function take(model: Model, event: TraceEvent, cpu: Pcpu, lock: Lock, isChecked: boolean): void {
  const { pcpu, mode, level } = event;
  const depth = depthOf(event);
  const again = lock.owner === pcpu;
  const isCounted = again || lock.depth === 0;
  const expected = isCounted && lock.depth !== undefined ? lock.depth + 1 : undefined;
  if (!again) lock.unlockLevel = cpu.level;
  if (isChecked && !again && lock.owner !== undefined && mode !== 'external') {
    model.diverge('holder', BigInt(lock.owner), BigInt(pcpu ?? 0));
  }
  lock.owner = pcpu;
  // A write lock sets the level at its first take, the others at every one.
  if (isMmLevel(level) && !(again && mode === 'write')) cpu.level = level;
  if (isChecked) checkDepth(model, expected, depth);
  lock.depth = depth ?? expected ?? (again ? undefined : 1);
}

function release(model: Model, event: TraceEvent): void {
  const { pcpu, lock: address, mode } = event;
  if (pcpu === undefined || address === undefined || mode === undefined) return;
  // Whoever releases a lock ends the hold of whoever has it, unless two have it: then each ends its own.
  const { owner } = lockOf(model, address);
  const isOwn = pcpuOf(model, pcpu).held.some(held => held.lock === address && held.mode !== 'read');
  const cpu = pcpuOf(model, mode === 'read' || isOwn ? pcpu : (owner ?? pcpu));
  const isShared = isOwn && owner !== undefined && owner !== pcpu;
  if (mode !== 'read' && !isShared) untake(model, event, cpu, lockOf(model, address));
  const innermost = cpu.held.findLastIndex(
    held => held.lock === address && (held.mode === 'read') === (mode === 'read'),
  );
  if (innermost >= 0) cpu.held.splice(innermost, 1);
  if (mode !== 'read' && isShared) {
    cpu.level = cpu.held.findLast(held => held.mode !== 'read' && isMmLevel(held.level ?? 0))?.level ?? 0;
  }
}

function untake(model: Model, event: TraceEvent, holder: Pcpu, lock: Lock): void {
  const { pcpu } = event;
  const depth = depthOf(event);
  const { owner } = lock;
  checkDepth(model, owner === undefined ? undefined : lock.depth, depth);
  const before = depth ?? (owner === undefined ? undefined : lock.depth) ?? 1;
  lock.depth = Math.max(0, before - 1);
  if (lock.depth > 0 || owner === undefined) return;
  lock.owner = undefined;
  // The level is the releasing pcpu's own affair.
  if (owner === pcpu) holder.level = lock.unlockLevel;
}

/** Locks of no mm level are none to mm_lock_level. */
const isMmLevel = (level: number | undefined): level is number => level !== undefined && level > 0;

/** A depth of 0 is none: so a hypervisor says that it does not count. */
const depthOf = ({ depth }: TraceEvent) => (depth === 0 ? undefined : depth);

function checkDepth(model: Model, expected: number | undefined, seen: number | undefined): void {
  if (expected === undefined || seen === undefined || expected === seen) return;
  model.diverge('depth', BigInt(expected), BigInt(seen));
}

function snapshot(model: Model, event: TraceEvent): void {
  if (snapshotOf(event) === 'lock') acquire(model, event, false);
}

/** A lock by itself; nobody holds a free one. */
function snapshotLock(model: Model, { lock, pcpu, depth, level = 0 }: TraceEvent): void {
  if (lock === undefined) return;
  model.locks.locks.set(lock, { owner: depth === 0 ? undefined : pcpu, depth, unlockLevel: level });
}

function snapshotLevel(model: Model, { pcpu, level }: TraceEvent): void {
  if (pcpu !== undefined && level !== undefined) pcpuOf(model, pcpu).level = level;
}

/** What a pcpu holds is unknown again, or what any of them holds; it may also have what nobody held. */
export function forgetLocks({ locks }: Model, pcpu: number | undefined): void {
  const isLossy = (other: number | undefined) => pcpu === undefined || other === undefined || other === pcpu;
  for (const other of locks.pcpus.keys()) if (isLossy(other)) locks.pcpus.delete(other);
  for (const lock of locks.locks.values()) {
    if (isLossy(lock.owner)) Object.assign(lock, { owner: undefined, depth: undefined });
  }
}

export const locks: Mechanism = {
  lock_acquire: (model, event) => acquire(model, event),
  lock_release: release,
  snapshot,
  snapshot_lock: snapshotLock,
  snapshot_level: snapshotLevel,
};
