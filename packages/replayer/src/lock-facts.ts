import { MODE_READ } from '@p2mtrace/trace-format';
import { LOCK_EDGES, LOCK_SPANS } from './fact-specs.js';
import { FactTable } from './fact-table.js';
import type { LockCheck, LockTable } from './lock-table.js';
import type { Now } from './now.js';

/** Lock indices that fit into the key of an edge. */
const KEY_LOCKS = 2 ** 23;

/** Spans of lock acquisitions, and the edges between locks. */
export class LockFacts {
  readonly spans = new FactTable(LOCK_SPANS);
  readonly edges = new FactTable(LOCK_EDGES);
  private readonly now: Now;
  private readonly table: LockTable;
  /** Row of the edge from one lock (and mode) to another. */
  private readonly edgeRows = new Map<number, number>();
  /** Class of each lock by index, -1 for unknown. */
  private readonly classes: number[] = [];
  /** seq of the last lock_wait of each pcpu, by lock. */
  private readonly waits = new Map<number, { lock: number; seq: number }>();

  constructor(now: Now, table: LockTable) {
    this.now = now;
    this.table = table;
  }

  wait(lock: number): void {
    this.waits.set(this.now.pcpu, { lock, seq: this.now.seq });
  }

  /** Returns the tag of the new span: its row + 1. */
  acquire(lock: number, lockClass: number, mode: number, level: number, depth: number, check: LockCheck): number {
    this.classes[lock] = lockClass;
    const row = this.spans.add();
    const c = this.spans.columns;
    c.id[row] = row;
    c.lock[row] = lock;
    c.lock_class[row] = lockClass;
    if (level > 0) c.level[row] = level;
    c.mode[row] = mode;
    c.pcpu[row] = this.now.pcpu;
    c.depth[row] = depth;
    c.from_seq[row] = this.now.seq;
    c.from_caller[row] = this.now.caller;
    c.level_before[row] = check.levelBefore;
    c.violation[row] = check.violation ? 1 : 0;
    c.from_tsc[2 * row] = this.now.tscLow;
    c.from_tsc[2 * row + 1] = this.now.tscHigh;
    const wait = this.waits.get(this.now.pcpu);
    if (wait?.lock === lock) {
      c.wait_seq[row] = wait.seq;
      this.waits.delete(this.now.pcpu);
    }
    if (check.violation) c.blocker[row] = this.blocker(check.levelBefore);
    const innermost = this.table.innermost(this.now.pcpu);
    if (innermost >= this.table.bottom(this.now.pcpu)) {
      c.outer[row] = this.table.heldTag[innermost] - 1;
      this.addEdges(lock, lockClass, mode);
    }
    return row + 1;
  }

  /** `tag` of the acquisition, less than 1 where the trace did not see it. */
  release(lock: number, lockClass: number, mode: number, level: number, tag: number, innermost: boolean): void {
    let row = tag - 1;
    if (row < 0) {
      // Held since before the trace began.
      row = this.spans.add();
      const c = this.spans.columns;
      c.id[row] = row;
      c.lock[row] = lock;
      c.lock_class[row] = lockClass;
      if (level > 0) c.level[row] = level;
      c.mode[row] = mode;
      c.pcpu[row] = this.now.pcpu;
    }
    const c = this.spans.columns;
    c.to_seq[row] = this.now.seq;
    c.to_caller[row] = this.now.caller;
    c.out_of_order[row] = innermost ? 0 : 1;
    c.to_tsc[2 * row] = this.now.tscLow;
    c.to_tsc[2 * row + 1] = this.now.tscHigh;
  }

  /** Records of the pcpu were lost: whatever it held may be released. */
  lose(pcpu: number): void {
    const { table } = this;
    for (let i = table.bottom(pcpu); i <= table.innermost(pcpu); i++) {
      if (table.heldTag[i] > 0) this.spans.columns.lost[table.heldTag[i] - 1] = 1;
    }
  }

  /** Row of the innermost lock held that raised the level to this. */
  private blocker(level: number): number {
    const { table } = this;
    for (let i = table.innermost(this.now.pcpu); i >= table.bottom(this.now.pcpu); i--) {
      if (table.heldLevel[i] === level && table.heldMode[i] !== MODE_READ) return table.heldTag[i] - 1;
    }
    return -1;
  }

  private addEdges(lock: number, lockClass: number, mode: number): void {
    const { table } = this;
    const bottom = table.bottom(this.now.pcpu);
    const innermost = table.innermost(this.now.pcpu);
    // Taking again what the pcpu holds waits for nobody (the PoD sweep takes the p2m lock inside the pod lock, X§2.2).
    for (let i = bottom; i <= innermost; i++) {
      if (table.heldLock[i] === lock && table.heldMode[i] !== MODE_READ) return;
    }
    for (let i = bottom; i <= innermost; i++) {
      const outer = table.heldLock[i];
      if (outer === lock) continue;
      // 46 bits of locks and 4 of modes: exact in a double.
      const key = (outer * KEY_LOCKS + lock) * 16 + table.heldMode[i] * 4 + mode;
      let row = this.edgeRows.get(key);
      if (row === undefined) {
        row = this.edges.add();
        this.edgeRows.set(key, row);
        const c = this.edges.columns;
        c.held[row] = outer;
        c.held_class[row] = this.classes[outer] ?? -1;
        c.held_mode[row] = table.heldMode[i];
        c.acquired[row] = lock;
        c.acquired_class[row] = lockClass;
        c.acquired_mode[row] = mode;
        c.count[row] = 0;
        c.pcpus[row] = 0;
        c.first_seq[row] = this.now.seq;
        c.held_seq[row] = table.heldSeq[i];
        c.first_pcpu[row] = this.now.pcpu;
        c.held_caller[row] = table.heldCaller[i];
        c.acquired_caller[row] = this.now.caller;
      }
      const c = this.edges.columns;
      c.count[row]++;
      c.pcpus[row] = (c.pcpus[row] | (1 << Math.min(this.now.pcpu, 31))) >>> 0;
    }
  }
}
