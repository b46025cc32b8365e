import type { Leaf } from './p2m.js';

/** Leaves by their first gfn, and which of them map a frame: a capture frees too many pages to look through all. */
export class Leaves extends Map<bigint, Leaf> {
  /** mfn → number of 4K leaves that map it. */
  private readonly small = new Map<bigint, number>();
  private readonly large = new Set<Leaf>();

  override set(gfn: bigint, leaf: Leaf): this {
    this.delete(gfn);
    this.count(leaf, 1);
    return super.set(gfn, leaf);
  }

  override delete(gfn: bigint): boolean {
    const leaf = this.get(gfn);
    if (leaf !== undefined) this.count(leaf, -1);
    return super.delete(gfn);
  }

  override clear(): void {
    this.small.clear();
    this.large.clear();
    super.clear();
  }

  /** True if a leaf maps one of the frames [from, end). */
  maps(from: bigint, end: bigint): boolean {
    for (let mfn = from; mfn < end; mfn++) if ((this.small.get(mfn) ?? 0) > 0) return true;
    return [...this.large].some(({ mfn, order }) => mfn !== null && mfn < end && mfn + (1n << BigInt(order)) > from);
  }

  private count(leaf: Leaf, by: 1 | -1): void {
    if (leaf.mfn === null) return;
    if (leaf.order === 0) this.small.set(leaf.mfn, (this.small.get(leaf.mfn) ?? 0) + by);
    else if (by > 0) this.large.add(leaf);
    else this.large.delete(leaf);
  }
}
