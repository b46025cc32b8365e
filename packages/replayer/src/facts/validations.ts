/**
 * When page tables were validated: between the general reference of a table and its type reference the pcpu takes what
 * the table's entries map. Tables lie in each other, an l1 in the l2 that maps it, and the inner one is done first.
 */
export class Validations {
  private readonly byPcpu: PcpuValidations[] = [];

  /** The table was validated between these two events. */
  add(pcpu: number, mfn: number, from: number, to: number): void {
    this.byPcpu[pcpu + 1] ??= new PcpuValidations();
    this.byPcpu[pcpu + 1].add(mfn, from, to);
  }

  /** mfn of the table for whose entry the pcpu took a reference at that event; -1 for none. */
  tableOf(pcpu: number, seq: number): number {
    return this.byPcpu[pcpu + 1]?.tableOf(seq) ?? -1;
  }

  forget(): void {
    this.byPcpu.length = 0;
  }
}

/** Those of one pcpu, in the order in which they ended. */
class PcpuValidations {
  private readonly mfn: number[] = [];
  private readonly from: number[] = [];
  private readonly to: number[] = [];
  /** The validation around each one, -1 for none, and the first of those inside of it, or itself. */
  private readonly outer: number[] = [];
  private readonly first: number[] = [];

  add(mfn: number, from: number, to: number): void {
    const index = this.mfn.length;
    let first = index;
    while (first > 0 && this.from[first - 1] > from) {
      this.outer[first - 1] = index;
      first = this.first[first - 1];
    }
    this.mfn.push(mfn);
    this.from.push(from);
    this.to.push(to);
    this.outer.push(-1);
    this.first.push(first);
  }

  tableOf(seq: number): number {
    // The first that ended behind the event is the one, or lies in it.
    let low = 0;
    for (let high = this.to.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.to[middle] > seq) high = middle;
      else low = middle + 1;
    }
    let at = low < this.to.length ? low : -1;
    while (at >= 0 && this.from[at] >= seq) at = this.outer[at];
    return at < 0 ? -1 : this.mfn[at];
  }
}
