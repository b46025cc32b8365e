import { MODE_READ } from '@p2mtrace/trace-format';
import { forEachHold, outermostHold } from '../tables/held-locks.js';
import type { LockTable } from '../tables/lock-table.js';
import { offsetsOf } from './fact-columns.js';
import { LOCK_GATES } from './fact-specs.js';
import type { FactTable } from './fact-table.js';
import type { FactWriter } from './fact-writer.js';

const GATE = offsetsOf(LOCK_GATES);

interface Gate {
  readonly lock: number;
  mode: number;
}

/**
 * Of each edge between two locks: what else was held every time. A lock that guards both edges of a circle lets only
 * one pcpu at a time into it (the gate of Goodlock, Havelund 2000). Such sets shrink, and most are empty soon.
 */
export class LockGates {
  private readonly table: FactTable<typeof LOCK_GATES>;
  private readonly locks: LockTable;
  /** By number of the edge, absent where it has none. */
  private readonly gates: (Gate[] | undefined)[] = [];

  /** The lock that is asked for, and the one condition for all that are. */
  private asked = -1;
  private readonly isAsked = (i: number): boolean => this.locks.heldLock[i] === this.asked;

  constructor(writer: FactWriter, locks: LockTable) {
    this.table = writer.table(LOCK_GATES);
    this.locks = locks;
  }

  /** An edge from `held` is taken for the first time: all that the pcpu holds besides may be its gate. */
  add(edge: number, pcpu: number, held: number): void {
    const { locks } = this;
    const gates: Gate[] = [];
    forEachHold(locks, pcpu, i => {
      const lock = locks.heldLock[i];
      if (lock !== held && !gates.some(gate => gate.lock === lock)) gates.push({ lock, mode: locks.heldMode[i] });
    });
    this.gates[edge] = gates.length > 0 ? gates : undefined;
  }

  /** It is taken again: what the pcpu does not hold now is no gate, what it holds for reading is a reader's. */
  narrow(edge: number, pcpu: number): void {
    const gates = this.gates[edge];
    if (gates === undefined) return;
    let kept = 0;
    for (const gate of gates) {
      const mode = this.heldAs(pcpu, gate.lock);
      if (mode < 0) continue;
      if (mode === MODE_READ) gate.mode = mode;
      gates[kept++] = gate;
    }
    if (kept === gates.length) return;
    gates.length = kept;
    if (kept === 0) this.gates[edge] = undefined;
  }

  /** Mode in which the pcpu holds the lock, -1 where it does not. */
  private heldAs(pcpu: number, lock: number): number {
    this.asked = lock;
    const held = outermostHold(this.locks, pcpu, this.isAsked);
    return held < 0 ? -1 : this.locks.heldMode[held];
  }

  /** The trace ends: what is left becomes rows. */
  finish(classOf: (lock: number) => number): void {
    for (const [edge, gates = []] of this.gates.entries()) {
      for (const { lock, mode } of gates) {
        const at = this.table.open();
        const { records } = this.table;
        records[at + GATE.edge] = edge;
        records[at + GATE.lock] = lock;
        records[at + GATE.lock_class] = classOf(lock);
        records[at + GATE.mode] = mode;
        this.table.close(at);
      }
    }
  }
}
