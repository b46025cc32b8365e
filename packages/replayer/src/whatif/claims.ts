import { withRoom } from '../memory/frame-table.js';

/** What is claimed of one lock or p2m, and who waits for more. Ranges are of granules, ends included. */
export class Claims {
  /** Claims that were granted. */
  held = 0;
  /** Sections claim it, not only pcpus a lock. */
  isP2m = false;
  /** All that was asked for so far is all of it, alone: who waits needs no count of what it waits for. */
  isQueue = true;
  /** Where they are counted: some request may be kept waiting by nobody. */
  mayWake = false;
  owner = new Int32Array(4);
  first = new Float64Array(4);
  last = new Float64Array(4);
  /** 1 for a claim that excludes readers too. */
  writes = new Uint8Array(4);
  /** Call site of whoever claimed it. */
  site = new Float64Array(4);
  /** Number of the mapping that it belongs to, -1 for a section's. */
  mapping = new Int32Array(4);
  /** Pcpus that wait, the first first. */
  readonly waiters: number[] = [];

  add(owner: number, first: number, last: number, writes: number, site: number, mapping: number): void {
    const at = this.held++;
    if (at >= this.owner.length) this.grow();
    this.owner[at] = owner;
    this.first[at] = first;
    this.last[at] = last;
    this.writes[at] = writes;
    this.site[at] = site;
    this.mapping[at] = mapping;
  }

  private grow(): void {
    this.owner = withRoom(this.owner, this.held);
    this.first = withRoom(this.first, this.held);
    this.last = withRoom(this.last, this.held);
    this.writes = withRoom(this.writes, this.held);
    this.site = withRoom(this.site, this.held);
    this.mapping = withRoom(this.mapping, this.held);
  }

  /** Takes a claim away; the last one gets its place. */
  remove(at: number): void {
    const end = --this.held;
    if (at === end) return;
    this.owner[at] = this.owner[end];
    this.first[at] = this.first[end];
    this.last[at] = this.last[end];
    this.writes[at] = this.writes[end];
    this.site[at] = this.site[end];
    this.mapping[at] = this.mapping[end];
  }

  /** Some claim but the one at `except` is of all there is. */
  hasWhole(except: number): boolean {
    for (let i = 0; i < this.held; i++) if (i !== except && !Number.isFinite(this.last[i])) return true;
    return false;
  }

  /** Granules of a range that no claim of a range covers but the one at `except`. */
  uncovered(first: number, last: number, except: number): number {
    let left = last - first + 1;
    let others: number[] | undefined;
    for (let i = 0; i < this.held; i++) {
      if (i === except || this.first[i] > last || first > this.last[i] || !Number.isFinite(this.last[i])) continue;
      if (this.first[i] <= first && last <= this.last[i]) return 0;
      others ??= [];
      others.push(i);
    }
    if (others === undefined) return left;
    let end = first - 1;
    for (const i of others.sort((a, b) => this.first[a] - this.first[b])) {
      const from = Math.max(this.first[i], end + 1, first);
      const to = Math.min(this.last[i], last);
      if (to < from) continue;
      left -= to - from + 1;
      end = to;
    }
    return left;
  }
}
