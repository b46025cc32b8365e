/** A slice that has begun on a lane. */
interface OpenSlice {
  readonly end: number;
  readonly flows: readonly number[];
}

/** A lane, and what ends on it before the next slice begins. */
export interface Placed<T> {
  readonly lane: T;
  readonly ended: readonly OpenSlice[];
}

/**
 * Puts the slices of one track, in the order of their starts, on lanes on which each ends before those that began
 * before it: what is released out of order overlaps, and overlaps can't be drawn on one.
 */
export class Lanes<T> {
  private readonly lanes: { readonly lane: T; readonly open: OpenSlice[] }[] = [];
  private readonly make: (index: number) => T;

  /** `make` makes the lane with that number. */
  constructor(make: (index: number) => T) {
    this.make = make;
  }

  /** The lane of a slice; it may be infinite. */
  place(start: number, end: number, flows: readonly number[]): Placed<T> {
    let found = this.lanes.find(({ open }) => {
      const within = open.filter(one => one.end > start);
      return within.length === 0 || within[within.length - 1].end >= end;
    });
    if (found === undefined) {
      found = { lane: this.make(this.lanes.length), open: [] };
      this.lanes.push(found);
    }
    const { lane, open } = found;
    let kept = open.length;
    while (kept > 0 && open[kept - 1].end <= start) kept--;
    const ended = open.splice(kept).reverse();
    open.push({ end, flows });
    return { lane, ended };
  }

  /** What is left to end, lane by lane, innermost first; what is infinite does not. */
  *rest(): Generator<Placed<T>> {
    for (const { lane, open } of this.lanes) {
      yield {
        lane,
        ended: open
          .splice(0)
          .reverse()
          .filter(({ end }) => Number.isFinite(end)),
      };
    }
  }
}
