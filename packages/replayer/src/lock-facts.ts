import { MODE_READ } from '@p2mtrace/trace-format';
import { EdgeIndex } from './edge-index.js';
import { offsetsOf } from './fact-columns.js';
import { LOCK_EDGES, LOCK_SPANS } from './fact-specs.js';
import type { FactTable } from './fact-table.js';
import type { FactWriter } from './fact-writer.js';
import { withRoom } from './frame-table.js';
import { LockGates } from './lock-gates.js';
import type { LockCheck, LockTable } from './lock-table.js';
import type { Now } from './now.js';

const SPAN = offsetsOf(LOCK_SPANS);
const EDGE = offsetsOf(LOCK_EDGES);

/** Spans of lock acquisitions, and the edges between locks. */
export class LockFacts {
  private readonly spans: FactTable<typeof LOCK_SPANS>;
  private readonly edges: FactTable<typeof LOCK_EDGES>;
  private readonly now: Now;
  private readonly table: LockTable;
  private readonly gates: LockGates;
  private nextId = 0;
  private nextEdge = 0;
  /** By the lock held and the one that was acquired, each with its mode: the edge's record. Edges stay open. */
  private readonly edgeIndex = new EdgeIndex();
  /** Class of each lock by index, -1 for unknown. */
  private classes = new Int32Array(0);
  /** By pcpu: the lock that it waited for last, -1 for none, and since when. */
  private waitLock = new Int32Array(0);
  private waitSeq = new Float64Array(0);

  constructor(writer: FactWriter, now: Now, table: LockTable) {
    this.spans = writer.table(LOCK_SPANS);
    this.edges = writer.table(LOCK_EDGES);
    this.gates = new LockGates(writer, table);
    this.now = now;
    this.table = table;
  }

  wait(lock: number): void {
    const { pcpu } = this.now;
    if (pcpu < 0) return;
    if (pcpu >= this.waitLock.length) {
      const known = this.waitLock.length;
      this.waitLock = withRoom(this.waitLock, pcpu + 1).fill(-1, known);
      this.waitSeq = withRoom(this.waitSeq, pcpu + 1);
    }
    this.waitLock[pcpu] = lock;
    this.waitSeq[pcpu] = this.now.seq;
  }

  /** Returns the tag of the new span. */
  acquire(lock: number, lockClass: number, mode: number, level: number, depth: number, check: LockCheck): number {
    const { now, table } = this;
    this.setClass(lock, lockClass);
    const at = this.open(lock, lockClass, mode, level);
    const { records } = this.spans;
    records[at + SPAN.depth] = depth;
    records[at + SPAN.from_seq] = now.seq;
    records[at + SPAN.from_caller] = now.caller;
    records[at + SPAN.level_before] = check.levelBefore;
    now.stamp(records, at + SPAN.from_tsc);
    if (now.pcpu < this.waitLock.length && this.waitLock[now.pcpu] === lock) {
      records[at + SPAN.wait_seq] = this.waitSeq[now.pcpu];
      this.waitLock[now.pcpu] = -1;
    }
    if (check.violation) {
      records[at + SPAN.violation] = 1;
      records[at + SPAN.blocker] = this.blocker(check.levelBefore);
    }
    const innermost = table.innermost(now.pcpu);
    if (innermost >= table.bottom(now.pcpu)) {
      records[at + SPAN.outer] = this.idOf(table.heldTag[innermost]);
      this.addEdges(lock, lockClass, mode);
    }
    return at;
  }

  private setClass(lock: number, lockClass: number): void {
    if (lock >= this.classes.length) {
      const known = this.classes.length;
      this.classes = withRoom(this.classes, lock + 1).fill(-1, known);
    }
    this.classes[lock] = lockClass;
  }

  private open(lock: number, lockClass: number, mode: number, level: number): number {
    const at = this.spans.open();
    const { records } = this.spans;
    records[at + SPAN.id] = this.nextId++;
    records[at + SPAN.lock] = lock;
    records[at + SPAN.lock_class] = lockClass;
    if (level > 0) records[at + SPAN.level] = level;
    records[at + SPAN.mode] = mode;
    records[at + SPAN.pcpu] = this.now.pcpu;
    return at;
  }

  private idOf(tag: number): number {
    return tag === 0 ? -1 : this.spans.records[tag + SPAN.id];
  }

  /** `tag` of the acquisition, less than 1 where the trace did not see it: then it was held before. */
  release(lock: number, lockClass: number, mode: number, level: number, tag: number, innermost: boolean): void {
    const at = tag > 0 ? tag : this.open(lock, lockClass, mode, level);
    const { records } = this.spans;
    records[at + SPAN.to_seq] = this.now.seq;
    records[at + SPAN.to_caller] = this.now.caller;
    records[at + SPAN.out_of_order] = innermost ? 0 : 1;
    this.now.stamp(records, at + SPAN.to_tsc);
    this.spans.close(at);
  }

  /** TSC ticks since the acquisition of that tag; NaN where either has no TSC, or the trace did not see it. */
  ticksHeld(tag: number): number {
    const { now } = this;
    const { records } = this.spans;
    const low = records[tag + SPAN.from_tsc];
    const high = records[tag + SPAN.from_tsc + 1];
    const nowLow = now.tsc[2 * now.row];
    const nowHigh = now.tsc[2 * now.row + 1];
    if (tag <= 0 || low + high === 0 || nowLow + nowHigh === 0) return Number.NaN;
    return (nowHigh - high) * 0x1_0000_0000 + (nowLow - low);
  }

  /** Records of the pcpu were lost: whatever it held may be released. */
  lose(pcpu: number): void {
    const { table } = this;
    for (let i = table.bottom(pcpu); i <= table.innermost(pcpu); i++) {
      const tag = table.heldTag[i];
      if (tag === 0) continue;
      this.spans.records[tag + SPAN.lost] = 1;
      this.spans.close(tag);
    }
  }

  /** The trace ends. */
  finish(): void {
    this.gates.finish(lock => this.classOf(lock));
  }

  /** Class of a lock as last recorded, -1 for unknown. */
  classOf(lock: number): number {
    return lock < this.classes.length ? this.classes[lock] : -1;
  }

  /** Id of the innermost lock held that raised the level to this. */
  private blocker(level: number): number {
    const { table } = this;
    for (let i = table.innermost(this.now.pcpu); i >= table.bottom(this.now.pcpu); i--) {
      if (table.heldLevel[i] === level && table.heldMode[i] !== MODE_READ) return this.idOf(table.heldTag[i]);
    }
    return -1;
  }

  private addEdges(lock: number, lockClass: number, mode: number): void {
    const { table, now } = this;
    const bottom = table.bottom(now.pcpu);
    const innermost = table.innermost(now.pcpu);
    // Taking again what the pcpu holds waits for nobody (the PoD sweep takes the p2m lock inside the pod lock, X§2.2).
    for (let i = bottom; i <= innermost; i++) {
      if (table.heldLock[i] === lock && table.heldMode[i] !== MODE_READ) return;
    }
    for (let i = bottom; i <= innermost; i++) {
      if (table.heldLock[i] === lock) continue;
      const at = this.edge(i, lock, lockClass, mode);
      const { records } = this.edges;
      records[at + EDGE.count]++;
      records[at + EDGE.pcpus] = (records[at + EDGE.pcpus] | (1 << Math.min(now.pcpu, 31))) >>> 0;
    }
  }

  /** Record of the edge from entry `i` of the stacks to this lock, made where there is none. */
  private edge(i: number, lock: number, lockClass: number, mode: number): number {
    const { table, now } = this;
    const held = table.heldLock[i];
    const to = keyOf(lock, mode);
    const from = keyOf(held, table.heldMode[i]);
    const found = this.edgeIndex.find(from, to);
    if (found !== 0) {
      if (this.gates.size > 0) this.gates.narrow(this.edges.records[found + EDGE.id], now.pcpu);
      return found;
    }
    const at = this.edges.open();
    this.edgeIndex.add(from, to, at);
    const { records } = this.edges;
    this.gates.add(this.nextEdge, now.pcpu, held);
    records[at + EDGE.id] = this.nextEdge++;
    records[at + EDGE.held] = held;
    records[at + EDGE.held_class] = this.classOf(held);
    records[at + EDGE.held_mode] = table.heldMode[i];
    records[at + EDGE.acquired] = lock;
    records[at + EDGE.acquired_class] = lockClass;
    records[at + EDGE.acquired_mode] = mode;
    records[at + EDGE.count] = 0;
    records[at + EDGE.pcpus] = 0;
    records[at + EDGE.first_seq] = now.seq;
    records[at + EDGE.held_seq] = table.heldSeq[i];
    records[at + EDGE.first_pcpu] = now.pcpu;
    records[at + EDGE.held_caller] = table.heldCaller[i];
    records[at + EDGE.acquired_caller] = now.caller;
    return at;
  }
}

/** A lock's index and one of its (four) modes as one number. */
const keyOf = (lock: number, mode: number): number => lock * 4 + mode;
