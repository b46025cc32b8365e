import { MODE_READ } from '@p2mtrace/trace-format';
import type { CurrentEvent } from '../batch/current-event.js';
import { withRoom } from '../memory/frame-table.js';
import { forEachHold, innermostHold } from '../tables/held-locks.js';
import type { LockCheck, LockTable } from '../tables/lock-table.js';
import { offsetsOf } from './fact-columns.js';
import { LOCK_CYCLES, LOCK_EDGES, LOCK_GATES, LOCK_SPANS } from './fact-specs.js';
import type { FactTable } from './fact-table.js';
import type { FactWriter } from './fact-writer.js';
import type { LockEdge } from './lock-edge.js';
import { LockEdgeFacts } from './lock-edge-facts.js';

const SPAN = offsetsOf(LOCK_SPANS);

/** Spans of lock acquisitions, and the edges between locks. */
export class LockFacts {
  private readonly spans: FactTable<typeof LOCK_SPANS>;
  /** Absent where nobody wants them. */
  private readonly edges: LockEdgeFacts | undefined;
  /** Spans are kept; else every tag is 0. */
  private keepsSpans: boolean;
  private readonly now: CurrentEvent;
  private readonly table: LockTable;
  private nextId = 0;
  /** Class of each lock by index, -1 for unknown. */
  private classes = new Int32Array(0);
  /** By pcpu: the lock that it waited for last, -1 for none, and since when. */
  private waitLock = new Int32Array(0);
  private waitSeq = new Float64Array(0);

  constructor(writer: FactWriter, now: CurrentEvent, table: LockTable) {
    this.spans = writer.table(LOCK_SPANS);
    this.keepsSpans = writer.wants(LOCK_SPANS);
    this.now = now;
    this.table = table;
    if (writer.wants(LOCK_EDGES) || writer.wants(LOCK_GATES) || writer.wants(LOCK_CYCLES)) {
      this.edges = new LockEdgeFacts(writer, now, table, lock => this.classOf(lock));
    }
  }

  /** Spans are kept for `ticksHeld`, whoever else wants them. */
  keepSpans(): void {
    this.keepsSpans = true;
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

  /** Returns the tag of the new span, 0 where none is kept. */
  acquire(lock: number, lockClass: number, mode: number, level: number, depth: number, check: LockCheck): number {
    const { table } = this;
    this.setClass(lock, lockClass);
    const innermost = table.innermost(this.now.pcpu);
    const isInner = innermost >= table.bottom(this.now.pcpu);
    if (isInner) this.edges?.acquire(lock, lockClass, mode);
    return this.keepsSpans ? this.begin(lock, lockClass, mode, level, depth, check, isInner ? innermost : -1) : 0;
  }

  /** `outer`: index in the stacks of the lock inside which this one is acquired, -1 for none. */
  private begin(
    lock: number,
    lockClass: number,
    mode: number,
    level: number,
    depth: number,
    check: LockCheck,
    outer: number,
  ): number {
    const { now, table } = this;
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
    if (outer >= 0) records[at + SPAN.outer] = this.idOf(table.heldTag[outer]);
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
    if (!this.keepsSpans) return;
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
    forEachHold(table, pcpu, i => this.lost(table.heldTag[i]));
  }

  /** The acquisition of that tag, 0 for none, ended, and nobody knows when. */
  lost(tag: number): void {
    if (tag === 0) return;
    this.spans.records[tag + SPAN.lost] = 1;
    this.spans.close(tag);
  }

  /** Edges between locks so far; none where nobody wants them. */
  edgeList(): readonly LockEdge[] {
    return this.edges?.list() ?? [];
  }

  /** True once, when there are more pairs of locks than are kept. */
  hasLeftOutPairs(): boolean {
    return this.edges?.hasLeftOut() === true;
  }

  /** The trace ends. */
  finish(): void {
    this.edges?.finish();
  }

  /** Class of a lock as last recorded, -1 for unknown. */
  classOf(lock: number): number {
    return lock < this.classes.length ? this.classes[lock] : -1;
  }

  /** Id of the innermost lock held that raised the level to this. */
  private blocker(level: number): number {
    const { heldLevel, heldMode, heldTag } = this.table;
    const isRaiser = (i: number) => heldLevel[i] === level && heldMode[i] !== MODE_READ;
    const held = innermostHold(this.table, this.now.pcpu, isRaiser);
    return held < 0 ? -1 : this.idOf(heldTag[held]);
  }
}
