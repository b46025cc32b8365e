import { FLAG, isP2mLevel, isValid, MODE_READ } from '@p2mtrace/trace-format';
import { siteOf } from '../batch/call-site.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { DIVERGES } from '../facts/fact-specs.js';
import { MAX_PAIRS } from '../facts/lock-edge-facts.js';
import { holdsNothing } from '../tables/held-locks.js';
import { type LockTable, MAX_HELD, NOBODY, UNKNOWN_DEPTH } from '../tables/lock-table.js';
import type { ReplayContext } from './replay-context.js';

/** Applies lock events to the lock table, and checks them against what was recorded. */
export class LockState {
  readonly table: LockTable;
  private readonly context: ReplayContext;

  constructor(context: ReplayContext, table: LockTable) {
    this.context = context;
    this.table = table;
  }

  acquire(batch: ReplayBatch, row: number): void {
    const c = batch.columns;
    if (!isValid(batch.validity.pcpu, row) || (c.flags[row] & FLAG.failed) !== 0) return;
    const pcpu = c.pcpu[row];
    const lock = c.lock[row];
    const mode = c.mode[row];
    const level = isValid(batch.validity.level, row) ? c.level[row] : 0;
    if (this.table.isFull(pcpu)) this.makeRoom(batch, row, pcpu);
    const check = this.table.acquire(pcpu, lock, mode, level, (c.flags[row] & FLAG.recursive) !== 0);
    if (check.otherHolder !== NOBODY) {
      this.context.diverge(batch, row, DIVERGES.holder, check.otherHolder, pcpu, Number.NaN);
      this.context.certainty?.doubt(pcpu, check.otherHolder);
    }
    const recorded = recordedDepth(batch, row);
    const depth = recorded > 0 ? recorded : this.table.depth[lock];
    if (recorded > 0 && mode !== MODE_READ) {
      this.checkDepth(batch, row, check.expectedDepth, recorded);
      this.table.setDepth(lock, recorded);
    }
    const { facts, now } = this.context;
    let tag = 0;
    let site = now.caller;
    if (facts === undefined) site = siteOf(batch, row);
    else {
      const lockClass = isValid(batch.validity.lock_class, row) ? c.lock_class[row] : -1;
      facts.translations?.acquired(site, holdsNothing(this.table, pcpu));
      tag = facts.locks.acquire(lock, lockClass, mode, level, depth, check);
      if (facts.locks.hasLeftOutPairs())
        this.context.diverge(batch, row, DIVERGES.lock_pairs, MAX_PAIRS, MAX_PAIRS + 1, Number.NaN);
    }
    this.table.push(pcpu, lock, mode, level, now.seq, site, tag);
  }

  /** The pcpu holds more than it can: the first that it took is taken for released. */
  private makeRoom(batch: ReplayBatch, row: number, pcpu: number): void {
    this.context.diverge(batch, row, DIVERGES.held, MAX_HELD, MAX_HELD + 1, Number.NaN);
    this.context.facts?.locks.lost(this.table.dropOutermost(pcpu));
  }

  release(batch: ReplayBatch, row: number): void {
    const c = batch.columns;
    if (!isValid(batch.validity.pcpu, row) || (c.flags[row] & FLAG.failed) !== 0) return;
    const pcpu = c.pcpu[row];
    const lock = c.lock[row];
    const mode = c.mode[row];
    const last = this.table.innermost(pcpu);
    const innermost = last < this.table.bottom(pcpu) || this.table.heldLock[last] === lock;
    const recorded = recordedDepth(batch, row);
    const tag = this.table.release(pcpu, lock, mode, recorded);
    if (recorded > 0) this.checkDepth(batch, row, this.table.check.expectedDepth, recorded);
    const { facts } = this.context;
    if (facts === undefined) return;
    const lockClass = isValid(batch.validity.lock_class, row) ? c.lock_class[row] : -1;
    const level = isValid(batch.validity.level, row) ? c.level[row] : 0;
    facts.locks.release(lock, lockClass, mode, level, tag, innermost);
    const { translations } = facts;
    if (translations?.hasLocked(pcpu) && !this.holdsP2mLock(pcpu)) translations.unlock();
  }

  /** A lock that is already held; locks come in the order in which they were taken. Nothing is checked. */
  snapshot(batch: ReplayBatch, row: number): void {
    const { columns: c, validity: v } = batch;
    if (!isValid(v.pcpu, row) || !isValid(v.mode, row)) return;
    const pcpu = c.pcpu[row];
    const lock = c.lock[row];
    const mode = c.mode[row];
    const level = isValid(v.level, row) ? c.level[row] : 0;
    if (this.table.isFull(pcpu)) this.makeRoom(batch, row, pcpu);
    const check = this.table.acquire(pcpu, lock, mode, level, true);
    check.violation = false;
    const recorded = recordedDepth(batch, row);
    if (recorded > 0 && mode !== MODE_READ) this.table.setDepth(lock, recorded);
    const lockClass = isValid(v.lock_class, row) ? c.lock_class[row] : -1;
    const depth = recorded > 0 ? recorded : this.table.depth[lock];
    const tag = this.context.facts?.locks.acquire(lock, lockClass, mode, level, depth, check) ?? 0;
    this.table.push(pcpu, lock, mode, level, this.context.now.seq, siteOf(batch, row), tag);
  }

  /** What is known of a lock apart from who holds it. */
  snapshotLock(batch: ReplayBatch, row: number): void {
    const { columns: c, validity: v } = batch;
    const owner = isValid(v.pcpu, row) ? c.pcpu[row] : NOBODY;
    const depth = isValid(v.depth, row) ? c.depth[row] : UNKNOWN_DEPTH;
    this.table.learn(c.lock[row], owner, depth, isValid(v.level, row) ? c.level[row] : 0);
  }

  /** mm_lock_level of a pcpu. */
  snapshotLevel(batch: ReplayBatch, row: number): void {
    if (isValid(batch.validity.pcpu, row)) this.table.setLevel(batch.columns.pcpu[row], batch.columns.level[row]);
  }

  /** True if the pcpu holds the lock of some p2m. */
  holdsP2mLock(pcpu: number): boolean {
    return holdsP2mLock(this.table, pcpu);
  }

  private checkDepth(batch: ReplayBatch, row: number, expected: number, seen: number): void {
    if (expected !== UNKNOWN_DEPTH && expected !== seen)
      this.context.diverge(batch, row, DIVERGES.depth, expected, seen, Number.NaN);
  }
}

/** True if the pcpu holds the lock of some p2m, in any mode. */
export function holdsP2mLock(locks: LockTable, pcpu: number): boolean {
  for (let i = locks.bottom(pcpu); i <= locks.innermost(pcpu); i++) if (isP2mLevel(locks.heldLevel[i])) return true;
  return false;
}

/** Depth as recorded, 0 for none: hypervisors that only count recursive locks record 0 for all others. */
function recordedDepth(batch: ReplayBatch, row: number): number {
  return isValid(batch.validity.depth, row) ? batch.columns.depth[row] : 0;
}
