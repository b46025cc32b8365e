import { snapshotOf, type TraceEvent } from './event.js';
import type { Mechanism, Model } from './model.js';

/** An acquisition that its pcpu has not released. */
export interface Held {
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
  if (mode !== 'read') take(model, event, cpu, lockOf(model, address), isChecked);
  cpu.held.push({ lock: address, mode, level: level ?? null, since: model.now });
}

/** A mutex, write lock or level taken, perhaps again. */
function take(model: Model, event: TraceEvent, cpu: Pcpu, lock: Lock, isChecked: boolean): void {
  const { pcpu, mode, level } = event;
  const depth = depthOf(event);
  const again = lock.owner === pcpu;
  const expected = again || lock.depth === 0 ? (lock.depth ?? 0) + 1 : undefined;
  if (!again) lock.unlockLevel = cpu.level;
  lock.owner = pcpu;
  // A write lock sets the level at its first take, the others at every one.
  if (level !== undefined && !(again && mode === 'write')) cpu.level = level;
  if (isChecked) checkDepth(model, expected, depth);
  lock.depth = depth ?? expected ?? 1;
}

function release(model: Model, event: TraceEvent): void {
  const { pcpu, lock: address, mode } = event;
  if (pcpu === undefined || address === undefined || mode === undefined) return;
  const cpu = pcpuOf(model, pcpu);
  if (mode !== 'read') untake(model, event, cpu, lockOf(model, address));
  const innermost = cpu.held.findLastIndex(
    held => held.lock === address && (held.mode === 'read') === (mode === 'read'),
  );
  if (innermost >= 0) cpu.held.splice(innermost, 1);
}

function untake(model: Model, event: TraceEvent, cpu: Pcpu, lock: Lock): void {
  const { pcpu } = event;
  const depth = depthOf(event);
  // Somebody else's hold is not this pcpu's to end.
  if (lock.owner !== pcpu && lock.owner !== undefined) return;
  checkDepth(model, lock.owner === pcpu ? lock.depth : undefined, depth);
  const before = depth ?? (lock.owner === pcpu ? lock.depth : undefined) ?? 1;
  lock.depth = Math.max(0, before - 1);
  if (lock.depth > 0 || lock.owner === undefined) return;
  lock.owner = undefined;
  cpu.level = lock.unlockLevel;
}

/** A depth of 0 is none: so a hypervisor says that it does not count. */
const depthOf = ({ depth }: TraceEvent) => (depth === 0 ? undefined : depth);

function checkDepth(model: Model, expected: number | undefined, seen: number | undefined): void {
  if (expected === undefined || seen === undefined || expected === seen) return;
  model.diverge('depth', BigInt(expected), BigInt(seen));
}

function snapshot(model: Model, event: TraceEvent): void {
  if (snapshotOf(event) === 'lock') acquire(model, event, false);
}

/** What a pcpu holds is unknown again. */
export function forgetLocks(model: Model, pcpu: number): void {
  model.locks.pcpus.delete(pcpu);
  for (const lock of model.locks.locks.values()) {
    if (lock.owner === pcpu) Object.assign(lock, { owner: undefined, depth: undefined });
  }
}

export const locks: Mechanism = {
  lock_acquire: (model, event) => acquire(model, event),
  lock_release: release,
  snapshot,
};
