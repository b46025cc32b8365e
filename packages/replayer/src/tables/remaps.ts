import { FrameRecords } from '../memory/frame-records.js';
import type { StateImage } from '../memory/state-image.js';

/** Remaps of an altp2m view that still hold: gfn → new_gfn (docs/xen.md#altp2m-remap), and back. */
export class Remaps {
  private readonly targets = new FrameRecords(1);
  /** By new_gfn: the gfns that are remapped to it. */
  private readonly sources = new Map<number, Set<number>>();

  get size(): number {
    return this.targets.size;
  }

  /** new_gfn, -1 for none. */
  of(gfn: number): number {
    const at = this.targets.find(gfn);
    return at < 0 ? -1 : this.targets.data[at];
  }

  set(gfn: number, target: number): void {
    this.remove(gfn);
    // `make` replaces `data`.
    const at = this.targets.make(gfn);
    this.targets.data[at] = target;
    this.addSource(gfn, target);
  }

  remove(gfn: number): void {
    const target = this.of(gfn);
    if (target < 0) return;
    this.targets.remove(gfn);
    const sources = this.sources.get(target);
    sources?.delete(gfn);
    if (sources?.size === 0) this.sources.delete(target);
  }

  /** Visits every remap, in order of gfns. */
  forEach(visit: (gfn: number, target: number) => void): void {
    this.targets.forEach((gfn, at) => {
      visit(gfn, this.targets.data[at]);
    });
  }

  /** Visits those of so many gfns from `first` on; they may be removed. */
  forEachOf(first: number, count: number, visit: (gfn: number) => void): void {
    this.targets.forEachIn(first, count, visit);
  }

  /** Visits those whose new_gfn is one of so many from `first` on; they may not be removed. */
  forEachTo(first: number, count: number, visit: (gfn: number, target: number) => void): void {
    if (count > this.sources.size) {
      for (const [target, gfns] of this.sources) {
        if (target >= first && target < first + count) for (const gfn of gfns) visit(gfn, target);
      }
      return;
    }
    for (let target = first; target < first + count; target++) {
      for (const gfn of this.sources.get(target) ?? []) visit(gfn, target);
    }
  }

  clear(): void {
    this.targets.clear();
    this.sources.clear();
  }

  transfer(image: StateImage): void {
    this.targets.transfer(image);
    if (!image.loading) return;
    this.sources.clear();
    this.forEach((gfn, target) => {
      this.addSource(gfn, target);
    });
  }

  private addSource(gfn: number, target: number): void {
    const sources = this.sources.get(target);
    if (sources === undefined) this.sources.set(target, new Set([gfn]));
    else sources.add(gfn);
  }
}
