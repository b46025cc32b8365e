import type { LockEdge } from '../facts/lock-edge.js';
import { IntList } from './int-list.js';
import type { LockHistory } from './lock-history.js';

/** A lock in a held set. */
export interface HeldLock {
  readonly lock: number;
  readonly mode: number;
  readonly site: number;
}

/** All acquisitions of one lock, in one mode, at one call site, with the same locks held: whoever made them. */
export interface AbstractAcquire {
  readonly lock: number;
  readonly mode: number;
  readonly site: number;
  /** Outermost first. */
  readonly held: readonly HeldLock[];
  /** By pcpu: the acquisitions, in order of row. */
  readonly instances: Map<number, IntList>;
}

/** Gathers abstract acquires: those inside locks of suspect edges. */
export class AbstractAcquires {
  readonly all: AbstractAcquire[] = [];
  private readonly history: LockHistory;
  private readonly suspects: ReadonlySet<number>;
  /** Locks that are acquired in suspect edges. */
  private readonly acquired: ReadonlySet<number>;
  private readonly byKey = new Map<string, AbstractAcquire>();
  /** By pcpu: where its instances went, in the order in which they came. */
  private readonly added: (IntList[] | undefined)[] = [];

  /** Without `edges`, of all acquisitions inside another one. */
  constructor(history: LockHistory, edges: readonly LockEdge[]) {
    this.history = history;
    this.suspects = new Set(edges.map(edge => pairOf(edge.held, edge.heldMode, edge.acquired, edge.acquiredMode)));
    this.acquired = new Set(edges.map(({ acquired }) => acquired));
  }

  /** An acquisition, which the history knows. */
  add(acquisition: number): void {
    const { history } = this;
    const lock = history.lock[acquisition];
    if (!this.acquired.has(lock)) return;
    const mode = history.mode[acquisition];
    const pcpu = history.pcpu[acquisition];
    const outer = history.below(history.top(pcpu));
    let key = '';
    let isSuspect = false;
    for (let hold = outer; hold !== 0; hold = history.below(hold)) {
      const held = history.acquisitionOf(hold);
      key += `${history.lock[held]}.${history.mode[held]}.${history.site[held]} `;
      isSuspect ||= this.suspects.has(pairOf(history.lock[held], history.mode[held], lock, mode));
    }
    if (!isSuspect) return;
    key += `${lock}.${mode}.${history.site[acquisition]}`;
    let abstract = this.byKey.get(key);
    if (abstract === undefined) {
      abstract = { lock, mode, site: history.site[acquisition], held: this.heldIn(outer), instances: new Map() };
      this.byKey.set(key, abstract);
      this.all.push(abstract);
    }
    let instances = abstract.instances.get(pcpu);
    if (instances === undefined) {
      instances = new IntList();
      abstract.instances.set(pcpu, instances);
    }
    instances.push(acquisition);
    this.added[pcpu] ??= [];
    this.added[pcpu].push(instances);
  }

  /** Takes back the pcpu's instances behind a row: what it held then was not what it seemed to hold. */
  withdraw(pcpu: number, row: number): void {
    const added = this.added[pcpu] ?? [];
    for (let last = added.at(-1); last !== undefined; last = added.at(-1)) {
      if (this.history.row[last.values[last.length - 1]] <= row) return;
      last.length--;
      added.pop();
    }
  }

  private heldIn(outer: number): HeldLock[] {
    const { history } = this;
    const held: HeldLock[] = [];
    for (let hold = outer; hold !== 0; hold = history.below(hold)) {
      const at = history.acquisitionOf(hold);
      held.push({ lock: history.lock[at], mode: history.mode[at], site: history.site[at] });
    }
    return held.reverse();
  }
}

/** A pair of locks with their modes (four) as one number; locks have 23 bits. */
const pairOf = (held: number, heldMode: number, lock: number, mode: number): number =>
  (held * 4 + heldMode) * 2 ** 25 + lock * 4 + mode;
