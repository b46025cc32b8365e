/** Locks of other classes that a pcpu may hold at once. */
const MOST = 64;

/** Which locks of other classes each pcpu holds or asks for, in the order in which it took them. */
export class HeldLocks {
  /** By pcpu. */
  readonly count: Uint8Array;
  private readonly res: Int32Array;

  constructor(pcpus: number) {
    this.count = new Uint8Array(pcpus);
    this.res = new Int32Array(pcpus * MOST);
  }

  /** The n-th that it took. */
  at(p: number, n: number): number {
    return this.res[p * MOST + n];
  }

  push(p: number, res: number): void {
    if (this.count[p] < MOST) this.res[p * MOST + this.count[p]++] = res;
  }

  /** Forgets the one of that name that was taken last; returns its place, -1 if there is none. */
  remove(p: number, res: number): number {
    const bottom = p * MOST;
    for (let k = this.count[p] - 1; k >= 0; k--) {
      if (this.res[bottom + k] !== res) continue;
      if (k + 1 < this.count[p]) this.res.copyWithin(bottom + k, bottom + k + 1, bottom + this.count[p]);
      this.count[p]--;
      return k;
    }
    return -1;
  }
}
