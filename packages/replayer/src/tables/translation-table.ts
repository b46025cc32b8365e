import { withRoom } from '../memory/frame-table.js';
import type { StateImage } from '../memory/state-image.js';

/** Translations kept per pcpu. Code holds two or three at once, so an older one has lost its put_gfn. */
const MOST = 64;
/** Numbers of a translation: domid, view, gfn, mfn (-1 for INVALID_MFN), seq of the lookup. */
const SIZE = 5;

/** A translation that a pcpu got with the gfn's lock and has not put. */
export interface Translation {
  readonly domid: number;
  /** Index of the view's name. */
  readonly view: number;
  readonly gfn: number;
  /** NaN for INVALID_MFN. */
  readonly mfn: number;
  /** seq of the lookup. */
  readonly seq: number;
}

/**
 * Outstanding translations of each pcpu: those between a lookup that keeps the gfn's lock and its put_gfn
 * (docs/xen.md#get-gfn).
 */
export class TranslationTable {
  private readonly stacks = new Map<number, Outstanding>();

  /** Translations of a pcpu, oldest first. */
  of(pcpu: number): Translation[] {
    return this.stacks.get(pcpu)?.all() ?? [];
  }

  /** pcpus that have had translations since the last loss. */
  pcpus(): Iterable<number> {
    return this.stacks.keys();
  }

  /** seq of the lookup that put_gfn would end: NaN if it was before the trace, -1 if none is outstanding. */
  seqOf(pcpu: number, domid: number, view: number, gfn: number): number {
    return this.stacks.get(pcpu)?.seqOf(domid, view, gfn) ?? -1;
  }

  /** Visits translations of a p2m that are outstanding on other pcpus. */
  forEachElsewhere(
    pcpu: number,
    domid: number,
    view: number,
    visit: (pcpu: number, gfn: number, seq: number) => void,
  ): void {
    for (const [other, stack] of this.stacks) {
      if (other !== pcpu) stack.forEach(domid, view, (gfn, seq) => visit(other, gfn, seq));
    }
  }

  /** `mfn` -1 for INVALID_MFN. */
  add(pcpu: number, domid: number, view: number, gfn: number, mfn: number, seq: number): void {
    let stack = this.stacks.get(pcpu);
    if (stack === undefined) {
      stack = new Outstanding();
      this.stacks.set(pcpu, stack);
    }
    stack.push(domid, view, gfn, mfn, seq);
  }

  /** put_gfn: ends the innermost translation of the gfn. */
  put(pcpu: number, domid: number, view: number, gfn: number): void {
    this.stacks.get(pcpu)?.put(domid, view, gfn);
  }

  /** The pcpu runs another vcpu, or lost records. */
  clear(pcpu: number): void {
    this.stacks.delete(pcpu);
  }

  /** Loss: it is unknown what is outstanding. */
  forget(): void {
    this.stacks.clear();
  }

  transfer(image: StateImage): void {
    image.partsByKey('stacks', this.stacks, () => new Outstanding());
  }
}

class Outstanding {
  private length = 0;
  /** SIZE numbers for each translation, innermost last. */
  private records = new Float64Array(2 * SIZE);

  push(domid: number, view: number, gfn: number, mfn: number, seq: number): void {
    if (this.length === MOST) this.remove(0);
    const at = this.length++ * SIZE;
    if (at + SIZE > this.records.length) this.records = withRoom(this.records, at + SIZE);
    this.records[at] = domid;
    this.records[at + 1] = view;
    this.records[at + 2] = gfn;
    this.records[at + 3] = mfn;
    this.records[at + 4] = seq;
  }

  put(domid: number, view: number, gfn: number): void {
    const i = this.find(domid, view, gfn);
    if (i >= 0) this.remove(i);
  }

  seqOf(domid: number, view: number, gfn: number): number {
    const i = this.find(domid, view, gfn);
    return i < 0 ? -1 : this.records[i * SIZE + 4];
  }

  /** The innermost translation of the gfn, -1 for none. */
  private find(domid: number, view: number, gfn: number): number {
    const { records } = this;
    for (let i = this.length - 1; i >= 0; i--) {
      const at = i * SIZE;
      if (records[at + 2] === gfn && records[at] === domid && records[at + 1] === view) return i;
    }
    return -1;
  }

  forEach(domid: number, view: number, visit: (gfn: number, seq: number) => void): void {
    const { records } = this;
    for (let i = 0; i < this.length; i++) {
      const at = i * SIZE;
      if (records[at] === domid && records[at + 1] === view) visit(records[at + 2], records[at + 4]);
    }
  }

  private remove(i: number): void {
    this.length--;
    if (i < this.length) this.records.copyWithin(i * SIZE, (i + 1) * SIZE, (this.length + 1) * SIZE);
  }

  all(): Translation[] {
    return Array.from({ length: this.length }, (_, i) => {
      const [domid, view, gfn, mfn, seq] = this.records.subarray(i * SIZE);
      return { domid, view, gfn, mfn: mfn < 0 ? Number.NaN : mfn, seq };
    });
  }

  transfer(image: StateImage): void {
    this.length = image.number('length', this.length);
    this.records = image.array('records', this.records);
  }
}
