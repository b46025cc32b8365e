import { CHUNK, FrameDirectory, withRoom } from '../memory/frame-table.js';
import { offsetIn, runOf } from '../memory/order.js';
import type { StateImage } from '../memory/state-image.js';
import { type Mapping, MappingList } from './mapping-list.js';

/** So many mappings of a frame are looked at by checks (docs/rules.md). */
const SOME_MAPPINGS = 1024;

/**
 * mfn → every (p2m, gfn) that maps it, over all domains and views (docs/replay.md#p2m). Superpages are kept at their
 * own order, so mapping one takes one step. Nearly every frame has one mapping, stored in place; more of them overflow.
 */
export class ReverseMap {
  private levels = newLevels();

  add(mfn: number, order: number, p2m: number, gfn: number): void {
    this.level(order).add(runOf(mfn, order), p2m, gfn);
  }

  remove(mfn: number, order: number, p2m: number, gfn: number): void {
    this.level(order).remove(runOf(mfn, order), p2m, gfn);
  }

  /** True if some entry maps the frame. */
  isMapped(mfn: number): boolean {
    return (
      this.levels[0].has(mfn) ||
      (this.levels[1].count > 0 && this.levels[1].has(runOf(mfn, 9))) ||
      (this.levels[2].count > 0 && this.levels[2].has(runOf(mfn, 18)))
    );
  }

  /** The mapping of a mapped frame, or the first if it has several. */
  first(mfn: number): Mapping {
    let depth = 0;
    while (!this.levels[depth].has(runOf(mfn, 9 * depth))) depth++;
    return this.levels[depth].first(runOf(mfn, 9 * depth), offsetIn(mfn, 9 * depth));
  }

  /** The p2m of that mapping, -1 for a frame that none maps. */
  firstP2m(mfn: number): number {
    for (let depth = 0; depth < this.levels.length; depth++) {
      const level = this.levels[depth];
      const p2m = level.count > 0 ? level.firstP2m(runOf(mfn, 9 * depth)) : -1;
      if (p2m >= 0) return p2m;
    }
    return -1;
  }

  /** Visits every (p2m, gfn) that maps the frame, or so many of each order; gfn is that of the 4K frame. */
  forEach(mfn: number, visit: (p2m: number, gfn: number) => void, most = Number.POSITIVE_INFINITY): void {
    for (let depth = 0; depth < this.levels.length; depth++) {
      const level = this.levels[depth];
      if (level.count > 0) level.forEach(runOf(mfn, 9 * depth), offsetIn(mfn, 9 * depth), visit, most);
    }
  }

  /** Every (p2m, gfn) that maps the frame; gfn is that of the 4K frame. */
  mappings(mfn: number): Mapping[] {
    const found: Mapping[] = [];
    this.forEach(mfn, (p2m, gfn) => found.push({ p2m, gfn }));
    return found;
  }

  /** The first of them: who looks at all of a frame that 100,000 entries map, at each event about it, does not end. */
  someMappings(mfn: number): Mapping[] {
    const found: Mapping[] = [];
    this.forEach(mfn, (p2m, gfn) => found.push({ p2m, gfn }), SOME_MAPPINGS);
    return found;
  }

  transfer(image: StateImage): void {
    image.parts('levels', this.levels, () => new ReverseLevel());
  }

  /** Forgets everything (loss). */
  reset(): void {
    this.levels = newLevels();
  }

  private level(order: number): ReverseLevel {
    return this.levels[order === 0 ? 0 : order === 9 ? 1 : 2];
  }
}

const newLevels = () => [new ReverseLevel(), new ReverseLevel(), new ReverseLevel()];

class ReverseLevel {
  /** Total number of mappings. */
  count = 0;
  private readonly directory = new FrameDirectory();
  /** Number of mappings; the first is stored in place. */
  private n = new Uint32Array(CHUNK);
  private p2m = new Uint32Array(CHUNK);
  private gfn = new Float64Array(CHUNK);
  private readonly more = new Map<number, MappingList>();

  has(key: number): boolean {
    return this.n[this.directory.find(key)] > 0;
  }

  add(key: number, p2m: number, gfn: number): void {
    let slot = this.directory.find(key);
    if (slot === 0) {
      slot = this.directory.make(key);
      this.n = withRoom(this.n, this.directory.slots);
      this.p2m = withRoom(this.p2m, this.directory.slots);
      this.gfn = withRoom(this.gfn, this.directory.slots);
    }
    this.count++;
    if (this.n[slot]++ === 0) {
      this.p2m[slot] = p2m;
      this.gfn[slot] = gfn;
    } else this.addMore(key, p2m, gfn);
  }

  remove(key: number, p2m: number, gfn: number): void {
    const slot = this.directory.find(key);
    if (slot === 0 || this.n[slot] === 0) return;
    const list = this.n[slot] === 1 ? undefined : this.more.get(key);
    if (this.p2m[slot] === p2m && this.gfn[slot] === gfn) {
      const next = list?.pop();
      if (next !== undefined) {
        this.p2m[slot] = next.p2m;
        this.gfn[slot] = next.gfn;
      }
    } else if (list?.remove(p2m, gfn) !== true) return;
    if (list?.all.length === 0) this.more.delete(key);
    this.n[slot]--;
    this.count--;
  }

  transfer(image: StateImage): void {
    this.count = image.number('count', this.count);
    image.part('directory', this.directory);
    this.n = image.array('n', this.n);
    this.p2m = image.array('p2m', this.p2m);
    this.gfn = image.array('gfn', this.gfn);
    const more: number[] = [];
    for (const [key, { all }] of this.more) for (const { p2m, gfn } of all) more.push(key, p2m, gfn);
    image.numbers('more', more);
    if (!image.loading) return;
    this.more.clear();
    for (let i = 0; i < more.length; i += 3) this.addMore(more[i], more[i + 1], more[i + 2]);
  }

  first(key: number, offset: number): Mapping {
    const slot = this.directory.find(key);
    return { p2m: this.p2m[slot], gfn: this.gfn[slot] + offset };
  }

  /** The p2m of the first mapping, -1 for none. */
  firstP2m(key: number): number {
    const slot = this.directory.find(key);
    return slot === 0 || this.n[slot] === 0 ? -1 : this.p2m[slot];
  }

  /** Visits the mappings, so many at most, for the frame that is `offset` after the first one. */
  forEach(key: number, offset: number, visit: (p2m: number, gfn: number) => void, most: number): void {
    const slot = this.directory.find(key);
    if (slot === 0 || this.n[slot] === 0) return;
    visit(this.p2m[slot], this.gfn[slot] + offset);
    if (this.n[slot] === 1) return;
    const all = this.more.get(key)?.all ?? [];
    const end = Math.min(all.length, most - 1);
    for (let n = 0; n < end; n++) visit(all[n].p2m, all[n].gfn + offset);
  }

  private addMore(key: number, p2m: number, gfn: number): void {
    let list = this.more.get(key);
    if (list === undefined) {
      list = new MappingList();
      this.more.set(key, list);
    }
    list.add(p2m, gfn);
  }
}
