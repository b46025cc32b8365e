import { MODE_READ } from '@p2mtrace/trace-format';
import type { CurrentEvent } from '../batch/current-event.js';
import type { LockTable } from '../tables/lock-table.js';
import { EdgeIndex } from './edge-index.js';
import { offsetsOf } from './fact-columns.js';
import { LOCK_EDGES } from './fact-specs.js';
import type { FactTable } from './fact-table.js';
import type { FactWriter } from './fact-writer.js';
import type { LockEdge } from './lock-edge.js';
import { LockGates } from './lock-gates.js';

const EDGE = offsetsOf(LOCK_EDGES);
/** Pairs of locks that are kept, and the gates of all of them: 150 and 40 bytes each. */
export const MAX_PAIRS = 2 ** 18;
const MAX_GATES = 2 ** 21;
/** No edge. */
const LEFT_OUT = 0;

/**
 * Edges between locks: one is acquired while the other is held. `classOf` tells the class of a lock, -1 for unknown.
 */
export class LockEdgeFacts {
  private readonly edges: FactTable<typeof LOCK_EDGES>;
  private readonly gates: LockGates;
  private readonly now: CurrentEvent;
  private readonly table: LockTable;
  private readonly classOf: (lock: number) => number;
  private nextEdge = 0;
  private leftOut: 'no' | 'yes' | 'told' = 'no';
  /** By the lock held and the one that was acquired, each with its mode: the edge's record. Edges stay open. */
  private readonly edgeIndex = new EdgeIndex();

  constructor(writer: FactWriter, now: CurrentEvent, table: LockTable, classOf: (lock: number) => number) {
    this.edges = writer.table(LOCK_EDGES);
    this.gates = new LockGates(writer, table);
    this.now = now;
    this.table = table;
    this.classOf = classOf;
  }

  /** The pcpu of the moment acquires a lock inside those that it holds. */
  acquire(lock: number, lockClass: number, mode: number): void {
    const { table, now } = this;
    const bottom = table.bottom(now.pcpu);
    const innermost = table.innermost(now.pcpu);
    // Taking again what the pcpu holds waits for nobody (the PoD sweep takes the p2m lock inside the pod lock,
    // docs/xen.md#lock-check-gaps).
    for (let i = bottom; i <= innermost; i++) {
      if (table.heldLock[i] === lock && table.heldMode[i] !== MODE_READ) return;
    }
    this.gates.begin(now.pcpu);
    for (let i = bottom; i <= innermost; i++) {
      if (table.heldLock[i] === lock) continue;
      const at = this.edge(i, lock, lockClass, mode);
      if (at === LEFT_OUT) continue;
      const { records } = this.edges;
      records[at + EDGE.count]++;
      records[at + EDGE.pcpus] = (records[at + EDGE.pcpus] | (1 << Math.min(now.pcpu, 31))) >>> 0;
    }
  }

  /** True once, when there are more pairs of locks than are kept. */
  hasLeftOut(): boolean {
    if (this.leftOut !== 'yes') return false;
    this.leftOut = 'told';
    return true;
  }

  /** Record of the edge from entry `i` of the stacks to this lock, made where there is none. */
  private edge(i: number, lock: number, lockClass: number, mode: number): number {
    const { table, now } = this;
    const held = table.heldLock[i];
    const to = keyOf(lock, mode);
    const from = keyOf(held, table.heldMode[i]);
    const found = this.edgeIndex.find(from, to);
    if (found !== 0) {
      this.gates.narrow(this.edges.records[found + EDGE.id]);
      return found;
    }
    if (this.nextEdge === MAX_PAIRS || this.gates.kept > MAX_GATES) {
      if (this.leftOut === 'no') this.leftOut = 'yes';
      return LEFT_OUT;
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

  /** The trace ends. */
  finish(): void {
    this.gates.finish(this.classOf);
  }

  /** All edges so far, for those who look for circles. */
  list(): LockEdge[] {
    const edges: LockEdge[] = [];
    const { records } = this.edges;
    for (const at of this.edges.openOffsets()) {
      edges.push({
        held: records[at + EDGE.held],
        heldMode: records[at + EDGE.held_mode],
        acquired: records[at + EDGE.acquired],
        acquiredMode: records[at + EDGE.acquired_mode],
        pcpus: records[at + EDGE.pcpus],
        gates: this.gates.of(records[at + EDGE.id]),
      });
    }
    return edges;
  }
}

/** A lock's index and one of its (four) modes as one number. */
const keyOf = (lock: number, mode: number): number => lock * 4 + mode;
