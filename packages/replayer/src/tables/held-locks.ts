import type { LockTable } from './lock-table.js';

/**
 * Index in the stacks of the innermost hold of a pcpu that meets a condition, searching from `from` outwards; -1 if
 * none does. In hot code, `meets` should be a function made beforehand.
 */
export function innermostHold(
  locks: LockTable,
  pcpu: number,
  meets: (i: number) => boolean,
  from = locks.innermost(pcpu),
): number {
  const bottom = locks.bottom(pcpu);
  for (let i = from; i >= bottom; i--) if (meets(i)) return i;
  return -1;
}

/** The same, searching inwards from the outermost hold, or from `from`. */
export function outermostHold(
  locks: LockTable,
  pcpu: number,
  meets: (i: number) => boolean,
  from = locks.bottom(pcpu),
): number {
  const last = locks.innermost(pcpu);
  for (let i = from; i <= last; i++) if (meets(i)) return i;
  return -1;
}

/** Visits what the pcpu holds, outermost first. */
export function forEachHold(locks: LockTable, pcpu: number, visit: (i: number) => void): void {
  const last = locks.innermost(pcpu);
  for (let i = locks.bottom(pcpu); i <= last; i++) visit(i);
}

/** True if the pcpu holds nothing. */
export const holdsNothing = (locks: LockTable, pcpu: number): boolean => locks.innermost(pcpu) < locks.bottom(pcpu);
