/** An event that changes entry_count, and its call site. */
class Mover {
  seq = Number.NaN;
  gfn = -1;
  mfn = -1;
  caller = -1;

  set(seq: number, gfn: number, mfn: number, caller: number): void {
    this.seq = seq;
    this.gfn = gfn;
    this.mfn = mfn;
    this.caller = caller;
  }

  copy({ seq, gfn, mfn, caller }: Mover): void {
    this.set(seq, gfn, mfn, caller);
  }
}

/**
 * entry_count of a domain, as it follows from the last recorded one (docs/xen.md#pod-cache). A populate lowers it at once,
 * and a reclaim raises it when its page is in the cache. Other writes that make or end PoD entries, such as a mark or a
 * decrease_reservation, change it at some time until the p2m lock is dropped: until then it lies in a range.
 */
export class ExpectedEntries {
  /** NaN where it does not follow. */
  count = Number.NaN;
  /** The event with which it was recorded last. */
  countSeq = Number.NaN;
  /** None was recorded yet. What the trace, or its part behind a loss, begins in the midst of may change the first one. */
  private isNew = true;
  /** What changed `count` since; its seq is NaN for nothing. */
  readonly mover = new Mover();
  /** It rests on writes of which only the attempt is recorded. */
  isGuess = false;
  /** Who changes entries, under the p2m lock. */
  pcpu = -1;
  /** Frames that writes of this section made PoD, and ended, and of which no event tells when they were counted. */
  private made = 0;
  private ended = 0;
  /** How many of these may have been what the write makes of them. */
  private unsure = 0;
  /** Of `made` and `ended` some were counted in what was recorded since, and nobody knows how many. */
  private isMixed = false;
  /** Frames reclaimed, whose page is not in the cache yet. */
  private reclaimed = 0;
  /** Zero checks that are under way: RAM that became PoD, by gfn its frames; it comes back or is reclaimed. */
  private readonly checked = new Map<number, number>();
  /** The last write of an entry, and the last reclaim. */
  readonly writer = new Mover();
  readonly reclaimer = new Mover();

  fits(recorded: number): boolean {
    return recorded >= this.count - this.ended && recorded <= this.count + this.made;
  }

  record(recorded: number, seq: number): void {
    const by = recorded - this.count;
    if (by === this.made && this.ended === 0) this.made = 0;
    else if (by === -this.ended && this.made === 0) this.ended = 0;
    else if (this.made > 0 || this.ended > 0) this.isMixed = true;
    this.count = this.isNew ? Number.NaN : recorded;
    this.isNew = false;
    this.countSeq = seq;
    this.mover.seq = Number.NaN;
  }

  /** The page of the reclaims is in the cache: now they are counted. */
  addReclaimed(): void {
    if (this.reclaimed === 0) return;
    this.count += this.reclaimed;
    this.reclaimed = 0;
    this.mover.copy(this.reclaimer);
  }

  /** `frames` became PoD, of which `unseen` were nobody knows what. */
  make(gfn: number, frames: number, unseen: number, wasPod: number, wasRam: number): void {
    if (wasRam > 0) this.checked.set(gfn, wasRam);
    this.made += frames - wasPod - wasRam;
    this.unsure += unseen;
  }

  /** `frames` became something else. */
  end(gfn: number, frames: number, unseen: number, wasPod: number): void {
    // The old mapping is put back: the zero check is over, and was never counted.
    if (this.checked.get(gfn) === frames) this.checked.delete(gfn);
    else this.ended += wasPod + unseen;
    this.unsure += unseen;
  }

  populate(frames: number): void {
    this.count -= frames;
    this.ended = Math.max(0, this.ended - frames);
    this.unsure = Math.max(0, this.unsure - frames);
  }

  reclaim(gfn: number, frames: number): void {
    this.reclaimed += frames;
    if (this.checked.delete(gfn)) return;
    this.made = Math.max(0, this.made - frames);
    this.unsure = Math.max(0, this.unsure - frames);
  }

  /** The p2m lock is dropped: what the section wrote is counted. */
  settle(): void {
    const isKnown = this.unsure === 0 && !this.isMixed && this.checked.size === 0 && this.reclaimed === 0;
    const by = this.made - this.ended;
    if (!isKnown) this.count = Number.NaN;
    else if (by !== 0) {
      this.count += by;
      this.mover.copy(this.writer);
    }
    this.made = 0;
    this.ended = 0;
    this.unsure = 0;
    this.isMixed = false;
    this.reclaimed = 0;
    this.checked.clear();
    this.pcpu = -1;
  }
}
