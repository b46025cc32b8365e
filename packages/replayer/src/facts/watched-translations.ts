import { withRoom } from '../memory/frame-table.js';

/** Translations of a pcpu that are watched: code holds few at a time, and what is older has long been dropped. */
export const WATCHED = 8;
/** Counters of the filter; a power of two. */
const BUCKETS = 1 << 14;

/**
 * The translations that are watched: of each pcpu its last few, oldest first, each with the mfn that it gave and the
 * record that the facts keep of it. A filter tells of nearly every frame at once that nobody watches it.
 */
export class WatchedTranslations {
  /** By place; a pcpu has WATCHED of them. */
  mfn = new Float64Array(0);
  record = new Int32Array(0);
  /** By pcpu: how many of its places are taken. */
  private taken = new Uint8Array(0);
  /** By bucket: translations whose mfn falls into it. */
  private readonly watchers = new Uint16Array(BUCKETS);
  /** Translations watched in all. */
  count = 0;

  /** Pcpus that may watch something. */
  get pcpus(): number {
    return this.taken.length;
  }

  /** First place of a pcpu. */
  first(pcpu: number): number {
    return pcpu * WATCHED;
  }

  /** One behind the last place that the pcpu has taken. */
  end(pcpu: number): number {
    return pcpu >= 0 && pcpu < this.taken.length ? pcpu * WATCHED + this.taken[pcpu] : pcpu * WATCHED;
  }

  /** Place at which the pcpu watches the frame, -1 for none. */
  find(pcpu: number, mfn: number): number {
    const end = this.end(pcpu);
    for (let place = pcpu * WATCHED; place < end; place++) if (this.mfn[place] === mfn) return place;
    return -1;
  }

  /** False: nobody watches the frame. */
  mayWatch(mfn: number): boolean {
    return this.watchers[mfn & (BUCKETS - 1)] !== 0;
  }

  /** Adds the newest of a pcpu, which must have a place left. */
  add(pcpu: number, mfn: number, record: number): void {
    if (pcpu >= this.taken.length) {
      this.taken = withRoom(this.taken, pcpu + 1);
      this.mfn = withRoom(this.mfn, this.taken.length * WATCHED);
      this.record = withRoom(this.record, this.taken.length * WATCHED);
    }
    const place = pcpu * WATCHED + this.taken[pcpu]++;
    this.mfn[place] = mfn;
    this.record[place] = record;
    this.watchers[mfn & (BUCKETS - 1)]++;
    this.count++;
  }

  /** Frees a place; those of the pcpu behind it move up. */
  remove(pcpu: number, place: number): void {
    this.watchers[this.mfn[place] & (BUCKETS - 1)]--;
    this.count--;
    const last = pcpu * WATCHED + --this.taken[pcpu];
    for (let at = place; at < last; at++) {
      this.mfn[at] = this.mfn[at + 1];
      this.record[at] = this.record[at + 1];
    }
  }
}
