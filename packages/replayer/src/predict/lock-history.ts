import { MODE_READ } from '@p2mtrace/trace-format';
import { withRoom } from '../memory/frame-table.js';
import { AcquisitionIndex, NEVER } from './acquisition-index.js';
import { IntList } from './int-list.js';

/** Two holds of a lock that can't be at once. */
export const excludes = (mode: number, other: number): boolean => mode !== MODE_READ || other !== MODE_READ;

/** A lock that one pcpu took, and another one gave back: the rows of both. */
export interface Handover {
  readonly taker: number;
  readonly taken: number;
  readonly given: number;
}

/** A pcpu's locks after each of its lock events: the innermost hold, 0 for none. */
interface Stacks {
  readonly rows: IntList;
  readonly tops: IntList;
}

const NONE: readonly Handover[] = [];

/**
 * All acquisitions of a trace, and what each pcpu held when: about 44 bytes an acquisition. Acquisitions and holds are
 * numbered from 1 on. What a pcpu holds is a chain of holds, each of which knows the one below it; chains share their
 * lower parts, so any moment can be looked up again. Taking again what the pcpu holds is no acquisition: it waits for
 * nobody.
 */
export class LockHistory {
  acquisitions = 0;
  lock = new Int32Array(64);
  mode = new Uint8Array(64);
  pcpu = new Int32Array(64);
  /** Row of the acquisition, and of its release, NEVER where there is none. */
  row = new Int32Array(64);
  end = new Int32Array(64);
  site = new Int32Array(64);
  /** How often its pcpu has taken it again. */
  private again = new Int32Array(64);

  private holds = 0;
  private holdOf = new Int32Array(64);
  private belowOf = new Int32Array(64);
  private readonly stacks: (Stacks | undefined)[] = [];
  /** By pcpu: acquisitions from before the trace or a loss, whose locks are held whatever the pcpu does. */
  private readonly early: (number[] | undefined)[] = [];
  /** By pcpu: locks that it gave back for another one, in the order in which it did so. */
  private readonly handovers: (Handover[] | undefined)[] = [];
  /** Acquisitions that another pcpu gave back → that pcpu. */
  private readonly givers = new Map<number, number>();
  private built: AcquisitionIndex | undefined;

  /** pcpus are numbers below this. */
  get pcpus(): number {
    return Math.max(this.stacks.length, this.early.length, this.handovers.length);
  }

  /** Returns the acquisition, 0 if the pcpu holds the lock already. */
  acquire(pcpu: number, lock: number, mode: number, row: number, site: number): number {
    const held = this.held(pcpu, lock, mode === MODE_READ);
    if (held !== 0) {
      this.again[held]++;
      return 0;
    }
    const acquisition = this.add(pcpu, lock, mode, row, site);
    this.push(pcpu, row, acquisition, this.top(pcpu));
    return acquisition;
  }

  /** The pcpu holds the lock from before `row`, where nothing was recorded. */
  acquiredEarly(pcpu: number, lock: number, mode: number, row: number, end = NEVER): number {
    const acquisition = this.add(pcpu, lock, mode, row, -1);
    this.end[acquisition] = end;
    this.early[pcpu] ??= [];
    this.early[pcpu].push(acquisition);
    if (end === NEVER) this.push(pcpu, row, acquisition, this.top(pcpu));
    return acquisition;
  }

  /** False if the pcpu is not known to hold the lock. */
  release(pcpu: number, lock: number, mode: number, row: number): boolean {
    const acquisition = this.held(pcpu, lock, mode === MODE_READ);
    if (acquisition === 0) return false;
    if (this.again[acquisition] > 0) {
      this.again[acquisition]--;
      return true;
    }
    this.end[acquisition] = row;
    this.drop(pcpu, row, acquisition);
    return true;
  }

  /** Another pcpu than the one that took the lock gives it back; undefined if that one is not known to hold it. */
  releaseFor(taker: number, giver: number, lock: number, mode: number, row: number): Handover | undefined {
    const acquisition = this.held(taker, lock, mode === MODE_READ);
    if (acquisition === 0) return undefined;
    this.release(taker, lock, mode, row);
    const handover = { taker, taken: this.row[acquisition], given: row };
    this.handovers[giver] ??= [];
    this.handovers[giver].push(handover);
    this.givers.set(acquisition, giver);
    return handover;
  }

  /** Locks that the pcpu gave back for others. */
  handoversOf(pcpu: number): readonly Handover[] {
    return this.handovers[pcpu] ?? NONE;
  }

  /** The pcpu that gave back what was acquired there, or is to. */
  giverOf(acquisition: number): number {
    return this.givers.size === 0 ? this.pcpu[acquisition] : (this.givers.get(acquisition) ?? this.pcpu[acquisition]);
  }

  /** What the pcpu holds is unknown from this row on. */
  forget(pcpu: number, row: number): void {
    const held = this.earlyOf(pcpu).slice();
    for (let hold = this.top(pcpu); hold !== 0; hold = this.belowOf[hold]) held.push(this.holdOf[hold]);
    for (const acquisition of held) if (this.end[acquisition] === NEVER) this.end[acquisition] = row;
    if (this.top(pcpu) !== 0) this.note(pcpu, row, 0);
  }

  /** The innermost hold of the pcpu when it has come up to `row`, by default now; 0 for none. */
  top(pcpu: number, row?: number): number {
    const stacks = this.stacks[pcpu];
    if (stacks === undefined) return 0;
    const at = row === undefined ? stacks.tops.length - 1 : stacks.rows.lastAtMost(row);
    return at < 0 ? 0 : stacks.tops.values[at];
  }

  /** Acquisition of a hold, and the hold below it, 0 for none. */
  acquisitionOf(hold: number): number {
    return this.holdOf[hold];
  }
  below(hold: number): number {
    return this.belowOf[hold];
  }

  /** Acquisitions that the pcpu had made before the trace, or before records were lost. */
  earlyOf(pcpu: number): readonly number[] {
    return this.early[pcpu] ?? [];
  }

  /** Row of the first acquisition of a lock by this pcpu after `row` that a hold in this mode excludes; NEVER for none. */
  nextExcluded(lock: number, mode: number, pcpu: number, row: number): number {
    this.built ??= new AcquisitionIndex(this);
    return this.built.next(lock, pcpu, row, mode === MODE_READ);
  }

  /** Another pcpu has taken the lock after that acquisition, which excludes it, up to its stop; undefined for who knows. */
  isFollowed(acquisition: number, stops: Int32Array, lastStop: number): boolean | undefined {
    this.built ??= new AcquisitionIndex(this);
    return this.built.isFollowed(acquisition, stops, lastStop);
  }

  private held(pcpu: number, lock: number, isRead: boolean): number {
    for (let hold = this.top(pcpu); hold !== 0; hold = this.belowOf[hold]) {
      const acquisition = this.holdOf[hold];
      // A writer that reads what it has waits for nobody; a reader that wants to write does.
      if (this.lock[acquisition] === lock && (isRead || this.mode[acquisition] !== MODE_READ)) return acquisition;
    }
    return 0;
  }

  private add(pcpu: number, lock: number, mode: number, row: number, site: number): number {
    const at = ++this.acquisitions;
    if (at >= this.lock.length) {
      this.lock = withRoom(this.lock, at + 1);
      this.mode = withRoom(this.mode, at + 1);
      this.pcpu = withRoom(this.pcpu, at + 1);
      this.row = withRoom(this.row, at + 1);
      this.end = withRoom(this.end, at + 1);
      this.site = withRoom(this.site, at + 1);
      this.again = withRoom(this.again, at + 1);
    }
    this.lock[at] = lock;
    this.mode[at] = mode;
    this.pcpu[at] = pcpu;
    this.row[at] = row;
    this.end[at] = NEVER;
    this.site[at] = site;
    return at;
  }

  private push(pcpu: number, row: number, acquisition: number, below: number): void {
    this.note(pcpu, row, this.hold(acquisition, below));
  }

  private hold(acquisition: number, below: number): number {
    const at = ++this.holds;
    this.holdOf = withRoom(this.holdOf, at + 1);
    this.belowOf = withRoom(this.belowOf, at + 1);
    this.holdOf[at] = acquisition;
    this.belowOf[at] = below;
    return at;
  }

  /** Takes an acquisition out of the pcpu's chain; what was taken after it is chained anew. */
  private drop(pcpu: number, row: number, acquisition: number): void {
    const above: number[] = [];
    let hold = this.top(pcpu);
    for (; this.holdOf[hold] !== acquisition; hold = this.belowOf[hold]) above.push(this.holdOf[hold]);
    let top = this.belowOf[hold];
    for (const kept of above.reverse()) top = this.hold(kept, top);
    this.note(pcpu, row, top);
  }

  private note(pcpu: number, row: number, top: number): void {
    this.stacks[pcpu] ??= { rows: new IntList(), tops: new IntList() };
    this.stacks[pcpu].rows.push(row);
    this.stacks[pcpu].tops.push(top);
  }
}
