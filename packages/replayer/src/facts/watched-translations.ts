import { withRoom } from '../memory/frame-table.js';

/**
 * Translations of a pcpu that are watched at most. One call holds 1,024 at once (XEN_DOMCTL_getpageframeinfo3), so this
 * is met only where nothing shows that calls end.
 */
export const MOST_WATCHED = 65_536;
/** Lists of the index by mfn; a power of two. */
const BUCKETS = 1 << 14;
/** No place; places count from 1. */
const NONE = 0;

/**
 * The translations that are watched: of each pcpu a list by age, each with the mfn that it gave, the record that the facts
 * keep of it, and the call in which it was made. An index by mfn tells of nearly every frame at once that nobody
 * watches it.
 */
export class WatchedTranslations {
  /** By place. */
  mfn = new Float64Array(64);
  record = new Int32Array(64);
  pcpu = new Int32Array(64);
  call = new Float64Array(64);
  /** By place: the neighbours in the list of its pcpu, and the next one in its bucket or among the free places. */
  private older = new Int32Array(64);
  private newer = new Int32Array(64);
  private next = new Int32Array(64);
  /** One behind the last place that was ever taken, and the first of those that are free again. */
  private end = 1;
  private free = NONE;
  private readonly buckets = new Int32Array(BUCKETS);
  /** By pcpu. */
  private newestOf = new Int32Array(0);
  private oldestOf = new Int32Array(0);
  private taken = new Int32Array(0);
  /** Translations watched in all. */
  count = 0;

  /** Pcpus that may watch something. */
  get pcpus(): number {
    return this.taken.length;
  }

  /** Translations that the pcpu watches. */
  of(pcpu: number): number {
    return pcpu < this.taken.length ? this.taken[pcpu] : 0;
  }

  /** The pcpu's last one, 0 for none. */
  newest(pcpu: number): number {
    return pcpu < this.taken.length ? this.newestOf[pcpu] : NONE;
  }

  oldest(pcpu: number): number {
    return pcpu < this.taken.length ? this.oldestOf[pcpu] : NONE;
  }

  /** The one of the same pcpu before it, 0 for none. */
  before(place: number): number {
    return this.older[place];
  }

  /** Place at which the pcpu watches the frame, 0 for none. */
  find(pcpu: number, mfn: number): number {
    let place = this.buckets[mfn & (BUCKETS - 1)];
    while (place !== NONE && (this.mfn[place] !== mfn || this.pcpu[place] !== pcpu)) place = this.next[place];
    return place;
  }

  /** The first place in the frame's bucket, 0 for none: nobody watches the frame. `following` gives the others. */
  inBucket(mfn: number): number {
    return this.buckets[mfn & (BUCKETS - 1)];
  }

  following(place: number): number {
    return this.next[place];
  }

  /** False: nobody watches the frame. */
  mayWatch(mfn: number): boolean {
    return this.buckets[mfn & (BUCKETS - 1)] !== NONE;
  }

  /** Adds the newest of a pcpu. */
  add(pcpu: number, mfn: number, record: number, call: number): void {
    if (pcpu >= this.taken.length) this.makePcpus(pcpu + 1);
    const place = this.takePlace();
    const bucket = mfn & (BUCKETS - 1);
    const last = this.newestOf[pcpu];
    this.mfn[place] = mfn;
    this.record[place] = record;
    this.pcpu[place] = pcpu;
    this.call[place] = call;
    this.next[place] = this.buckets[bucket];
    this.buckets[bucket] = place;
    this.older[place] = last;
    this.newer[place] = NONE;
    if (last === NONE) this.oldestOf[pcpu] = place;
    else this.newer[last] = place;
    this.newestOf[pcpu] = place;
    this.taken[pcpu]++;
    this.count++;
  }

  /** Frees a place. */
  remove(place: number): void {
    const pcpu = this.pcpu[place];
    const older = this.older[place];
    const newer = this.newer[place];
    if (older === NONE) this.oldestOf[pcpu] = newer;
    else this.newer[older] = newer;
    if (newer === NONE) this.newestOf[pcpu] = older;
    else this.older[newer] = older;
    this.unlink(place);
    this.next[place] = this.free;
    this.free = place;
    this.taken[pcpu]--;
    this.count--;
  }

  private unlink(place: number): void {
    const bucket = this.mfn[place] & (BUCKETS - 1);
    let at = this.buckets[bucket];
    if (at === place) {
      this.buckets[bucket] = this.next[place];
      return;
    }
    while (this.next[at] !== place) at = this.next[at];
    this.next[at] = this.next[place];
  }

  private takePlace(): number {
    const place = this.free;
    if (place !== NONE) {
      this.free = this.next[place];
      return place;
    }
    if (this.end === this.mfn.length) this.grow(this.end + 1);
    return this.end++;
  }

  private grow(room: number): void {
    this.mfn = withRoom(this.mfn, room);
    this.record = withRoom(this.record, room);
    this.pcpu = withRoom(this.pcpu, room);
    this.call = withRoom(this.call, room);
    this.older = withRoom(this.older, room);
    this.newer = withRoom(this.newer, room);
    this.next = withRoom(this.next, room);
  }

  private makePcpus(room: number): void {
    this.newestOf = withRoom(this.newestOf, room);
    this.oldestOf = withRoom(this.oldestOf, room);
    this.taken = withRoom(this.taken, room);
  }
}
