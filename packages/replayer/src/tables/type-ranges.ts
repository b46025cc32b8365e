import { P2M_TYPE } from '@p2mtrace/trace-format';
import { framesOf } from '../memory/order.js';
import type { StateImage } from '../memory/state-image.js';

/** Most changes that are kept; each lookup goes through all of them. */
export const MAX_TYPE_RANGES = 256;
/** Old type of a change that applies to both ram_rw and ram_logdirty. */
export const CHANGEABLE = -1;
const RAM_RW = P2M_TYPE.ram_rw;
const RAM_LOGDIRTY = P2M_TYPE.ram_logdirty;

/** One lazy change of [first, end). */
export interface TypeRange {
  readonly first: number;
  readonly end: number;
  readonly seq: number;
  /** CHANGEABLE, or the one type that it applies to. */
  readonly oldType: number;
  readonly newType: number;
}

/**
 * Lazy changes of the types of a p2m's entries (type_change_range, docs/xen.md#lazy-types): Xen records the range, and
 * rewrites an entry when it comes across it. Here, too, entries stay as written, and later changes are applied on
 * reading.
 */
export class TypeRanges {
  private readonly first: number[] = [];
  private readonly end: number[] = [];
  private readonly seq: number[] = [];
  private readonly oldType: number[] = [];
  private readonly newType: number[] = [];

  get length(): number {
    return this.seq.length;
  }

  add(first: number, end: number, oldType: number, newType: number, seq: number): void {
    this.first.push(first);
    this.end.push(end);
    this.oldType.push(oldType);
    this.newType.push(newType);
    this.seq.push(seq);
  }

  /** The current type of an entry at this gfn that the event `seq` wrote as `type`. */
  read(gfn: number, type: number, seq: number): number {
    let now = type;
    for (let i = 0; i < this.seq.length; i++) {
      if (this.seq[i] <= seq || gfn < this.first[i] || gfn >= this.end[i]) continue;
      const old = this.oldType[i];
      if (old === CHANGEABLE ? now === RAM_RW || now === RAM_LOGDIRTY : now === old) now = this.newType[i];
    }
    return now;
  }

  /** True if some change since `seq` applies to only a part of [gfn, gfn + 2^order). */
  cuts(gfn: number, order: number, seq: number): boolean {
    const end = gfn + framesOf(order);
    for (let i = 0; i < this.seq.length; i++) {
      if (this.seq[i] <= seq || this.end[i] <= gfn || this.first[i] >= end) continue;
      if (this.first[i] > gfn || this.end[i] < end) return true;
    }
    return false;
  }

  /** The first gfn after `gfn`, or else `end`, at which some change since `seq` begins or ends. */
  nextCut(gfn: number, end: number, seq: number): number {
    let next = end;
    for (let i = 0; i < this.seq.length; i++) {
      if (this.seq[i] <= seq) continue;
      if (this.first[i] > gfn && this.first[i] < next) next = this.first[i];
      if (this.end[i] > gfn && this.end[i] < next) next = this.end[i];
    }
    return next;
  }

  /** What the changes are about: [first, end) in order, no two of which meet. */
  covered(): [number, number][] {
    const covered: [number, number][] = [];
    const order = this.first.map((_, i) => i).sort((a, b) => this.first[a] - this.first[b]);
    for (const i of order) {
      const last = covered.at(-1);
      if (last === undefined || last[1] < this.first[i]) covered.push([this.first[i], this.end[i]]);
      else last[1] = Math.max(last[1], this.end[i]);
    }
    return covered;
  }

  /** The i-th change. */
  at(i: number): TypeRange {
    const [first, end, seq] = [this.first[i], this.end[i], this.seq[i]];
    return { first, end, seq, oldType: this.oldType[i], newType: this.newType[i] };
  }

  clear(): void {
    for (const list of [this.first, this.end, this.seq, this.oldType, this.newType]) list.length = 0;
  }

  transfer(image: StateImage): void {
    image.numbers('first', this.first);
    image.numbers('end', this.end);
    image.numbers('seq', this.seq);
    image.numbers('oldType', this.oldType);
    image.numbers('newType', this.newType);
  }
}
