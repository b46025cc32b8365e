import { MODE_READ } from '@p2mtrace/trace-format';
import { FactTable } from './fact-table.js';
import { LOCK_EDGES, LOCK_SPANS } from './fact-specs.js';
import type { Held, LockCheck } from './lock-table.js';
import type { Now } from './now.js';

/** Lock indices that fit into the key of an edge. */
const KEY_LOCKS = 2 ** 23;

/** Spans of lock acquisitions, and the edges between locks. */
export class LockFacts {
  readonly spans = new FactTable(LOCK_SPANS);
  readonly edges = new FactTable(LOCK_EDGES);
  private readonly now: Now;
  /** Row of the edge from one lock (and mode) to another. */
  private readonly edgeRows = new Map<number, number>();
  /** Class of each lock by index, -1 for unknown. */
  private readonly classes: number[] = [];
  /** seq of the last lock_wait of each pcpu, by lock. */
  private readonly waits = new Map<number, { lock: number; seq: number }>();

  constructor(now: Now) {
    this.now = now;
  }

  wait(lock: number): void {
    this.waits.set(this.now.pcpu, { lock, seq: this.now.seq });
  }

  /** Returns the tag of the new span: its row + 1. */
  acquire(
    lock: number,
    lockClass: number,
    mode: number,
    level: number,
    depth: number,
    check: LockCheck,
    held: readonly Held[],
  ): number {
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
    if (check.violation) {
      const blocker = held.findLast(other => other.level === check.levelBefore && other.mode !== MODE_READ);
      if (blocker !== undefined) c.blocker[row] = blocker.tag - 1;
    }
    if (held.length > 0) {
      c.outer[row] = held[held.length - 1].tag - 1;
      this.addEdges(lock, lockClass, mode, held);
    }
    return row + 1;
  }

  release(lock: number, lockClass: number, mode: number, level: number, released: Held | undefined, innermost: boolean) {
    let row = (released?.tag ?? 0) - 1;
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
  lose(held: readonly Held[]): void {
    for (const { tag } of held) if (tag > 0) this.spans.columns.lost[tag - 1] = 1;
  }

  private addEdges(lock: number, lockClass: number, mode: number, held: readonly Held[]): void {
    // Taking again what the pcpu holds waits for nobody (the PoD sweep takes the p2m lock inside the pod lock, X§2.2).
    if (held.some(outer => outer.lock === lock && outer.mode !== MODE_READ)) return;
    for (const outer of held) {
      if (outer.lock === lock) continue;
      // 46 bits of locks and 4 of modes: exact in a double.
      const key = (outer.lock * KEY_LOCKS + lock) * 16 + outer.mode * 4 + mode;
      let row = this.edgeRows.get(key);
      if (row === undefined) {
        row = this.edges.add();
        this.edgeRows.set(key, row);
        const c = this.edges.columns;
        c.held[row] = outer.lock;
        c.held_class[row] = this.classes[outer.lock] ?? -1;
        c.held_mode[row] = outer.mode;
        c.acquired[row] = lock;
        c.acquired_class[row] = lockClass;
        c.acquired_mode[row] = mode;
        c.count[row] = 0;
        c.pcpus[row] = 0;
        c.first_seq[row] = this.now.seq;
        c.held_seq[row] = outer.seq;
        c.first_pcpu[row] = this.now.pcpu;
        c.held_caller[row] = outer.caller;
        c.acquired_caller[row] = this.now.caller;
      }
      const c = this.edges.columns;
      c.count[row]++;
      c.pcpus[row] = (c.pcpus[row] | (1 << Math.min(this.now.pcpu, 31))) >>> 0;
    }
  }
}
