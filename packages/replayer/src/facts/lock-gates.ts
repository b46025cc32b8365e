import { MODE_READ } from '@p2mtrace/trace-format';
import { withRoom } from '../memory/frame-table.js';
import { forEachHold } from '../tables/held-locks.js';
import type { LockTable } from '../tables/lock-table.js';
import { offsetsOf } from './fact-columns.js';
import { LOCK_GATES } from './fact-specs.js';
import type { FactTable } from './fact-table.js';
import type { FactWriter } from './fact-writer.js';

const GATE = offsetsOf(LOCK_GATES);
/** No mode. */
const NOT_HELD = -1;

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
  /** Gates of all edges. */
  kept = 0;
  /** By number of the edge, absent where it has none. */
  private readonly gates: (Gate[] | undefined)[] = [];

  /** By lock: the acquisition inside which it was held last, and the mode of its outermost hold then. */
  private heldIn = new Int32Array(64);
  private heldMode = new Uint8Array(64);
  private acquisition = 0;

  constructor(writer: FactWriter, locks: LockTable) {
    this.table = writer.table(LOCK_GATES);
    this.locks = locks;
  }

  /** The pcpu acquires a lock: what it holds is the same for all edges to it. */
  begin(pcpu: number): void {
    const { locks } = this;
    this.acquisition++;
    for (let i = locks.innermost(pcpu); i >= locks.bottom(pcpu); i--) {
      const lock = locks.heldLock[i];
      if (lock >= this.heldIn.length) {
        this.heldIn = withRoom(this.heldIn, lock + 1);
        this.heldMode = withRoom(this.heldMode, lock + 1);
      }
      this.heldIn[lock] = this.acquisition;
      this.heldMode[lock] = locks.heldMode[i];
    }
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
    this.kept += gates.length;
  }

  /** It is taken again: what the pcpu does not hold now is no gate, what it holds for reading is a reader's. */
  narrow(edge: number): void {
    const gates = this.gates[edge];
    if (gates === undefined) return;
    let kept = 0;
    for (const gate of gates) {
      const mode = this.heldIn[gate.lock] === this.acquisition ? this.heldMode[gate.lock] : NOT_HELD;
      if (mode === NOT_HELD) continue;
      if (mode === MODE_READ) gate.mode = mode;
      gates[kept++] = gate;
    }
    if (kept === gates.length) return;
    this.kept -= gates.length - kept;
    gates.length = kept;
    if (kept === 0) this.gates[edge] = undefined;
  }

  /** What was held besides, every time that this edge was taken so far. */
  of(edge: number): readonly Readonly<Gate>[] {
    return this.gates[edge] ?? [];
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
