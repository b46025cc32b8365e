import type { P2mRow } from '../rows/state-rows.js';
import type { StateView } from '../rows/state-view.js';
import { changeOf, type StateChange, type Values } from './state-change.js';

/** Entries that differ, frame by frame or leaf by leaf. Leaf size and writer don't count as differences. */
export function* p2mChanges(before: StateView, after: StateView, domid?: number): Generator<StateChange> {
  for (const p2m of p2msOf(before, after, domid)) {
    for (const { gfn, frames, old, now } of segments(before.p2mRows(p2m), after.p2mRows(p2m))) {
      const change = changeOf('p2m', { ...p2m, gfn }, frames, old, now);
      if (change !== null) yield change;
    }
  }
}

/** Domain and view of every p2m known in one of the states. */
function p2msOf(before: StateView, after: StateView, domid: number | undefined) {
  const all = [...before.p2ms(), ...after.p2ms()]
    .filter(p2m => domid === undefined || p2m.domid === domid)
    .map(p2m => [`${p2m.domid} ${p2m.view}`, p2m] as const);
  return [...new Map(all).values()].sort((a, b) => a.domid - b.domid || (a.view < b.view ? -1 : 1));
}

interface Segment {
  readonly gfn: number;
  readonly frames: number;
  readonly old: Values | null;
  readonly now: Values | null;
}

/** Both p2ms, cut wherever a leaf of either begins or ends. */
function* segments(before: Iterable<P2mRow>, after: Iterable<P2mRow>): Generator<Segment> {
  const [left, right] = [new Leaves(before), new Leaves(after)];
  for (let at = 0; left.row !== undefined || right.row !== undefined; ) {
    const gfn = Math.min(left.startFrom(at), right.startFrom(at));
    const end = Math.min(left.cutAfter(gfn), right.cutAfter(gfn));
    yield { gfn, frames: end - gfn, old: left.valuesAt(gfn), now: right.valuesAt(gfn) };
    left.passTo(end);
    right.passTo(end);
    at = end;
  }
}

/** The leaves of one p2m, walked in step with those of another. */
class Leaves {
  row: P2mRow | undefined;
  private readonly rows: Iterator<P2mRow>;

  constructor(rows: Iterable<P2mRow>) {
    this.rows = rows[Symbol.iterator]();
    this.next();
  }

  private next(): void {
    const { value, done } = this.rows.next();
    this.row = done === true ? undefined : value;
  }

  private get end(): number {
    return this.row === undefined ? Number.POSITIVE_INFINITY : this.row.gfn + 2 ** this.row.order;
  }

  startFrom(gfn: number): number {
    return this.row === undefined ? Number.POSITIVE_INFINITY : Math.max(this.row.gfn, gfn);
  }

  /** The next place after `gfn` where this leaf begins or ends. */
  cutAfter(gfn: number): number {
    return this.row !== undefined && this.row.gfn > gfn ? this.row.gfn : this.end;
  }

  valuesAt(gfn: number): Values | null {
    if (this.row === undefined || this.row.gfn > gfn) return null;
    const { mfn, p2m_type, access } = this.row;
    return { mfn: mfn === null ? null : mfn + (gfn - this.row.gfn), p2m_type, access };
  }

  passTo(gfn: number): void {
    if (this.end <= gfn) this.next();
  }
}
