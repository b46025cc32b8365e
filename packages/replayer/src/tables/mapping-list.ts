/** A mapping of a machine frame: p2m and gfn. */
export interface Mapping {
  readonly p2m: number;
  readonly gfn: number;
}

/** From so many on, mappings are found by an index: a page of zeros may be shared by all guests. */
const MANY = 32;
/** Below, a gfn and a p2m fit into one number. */
const SMALL_GFN = 2 ** 36;

/** Mappings of one frame. A few stay in the order in which they came. */
export class MappingList {
  readonly all: Mapping[] = [];
  /** Where each is in the list, if they are many. */
  private places: Map<number | string, number> | undefined;

  add(p2m: number, gfn: number): void {
    this.all.push({ p2m, gfn });
    if (this.places !== undefined) this.places.set(nameOf(p2m, gfn), this.all.length - 1);
    else if (this.all.length === MANY) this.places = new Map(this.all.map((one, at) => [nameOf(one.p2m, one.gfn), at]));
  }

  /** Takes out the last one. */
  pop(): Mapping | undefined {
    const last = this.all.pop();
    if (last !== undefined) this.forget(last);
    return last;
  }

  /** False if it is not there. */
  remove(p2m: number, gfn: number): boolean {
    const { all, places } = this;
    if (places === undefined) {
      const at = all.findIndex(one => one.p2m === p2m && one.gfn === gfn);
      if (at >= 0) all.splice(at, 1);
      return at >= 0;
    }
    const at = places.get(nameOf(p2m, gfn));
    if (at === undefined) return false;
    const last = all.pop() as Mapping;
    if (at < all.length) {
      all[at] = last;
      places.set(nameOf(last.p2m, last.gfn), at);
    }
    this.forget({ p2m, gfn });
    return true;
  }

  private forget({ p2m, gfn }: Mapping): void {
    this.places?.delete(nameOf(p2m, gfn));
    // By the number alone, so that a list which was loaded goes on in the same order.
    if (this.all.length < MANY) this.places = undefined;
  }
}

const nameOf = (p2m: number, gfn: number): number | string =>
  gfn < SMALL_GFN && p2m < 1 << 16 ? gfn * 2 ** 16 + p2m : `${p2m} ${gfn}`;
