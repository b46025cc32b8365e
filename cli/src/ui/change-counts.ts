import { setImmediate } from 'node:timers/promises';
import { type CellRequest, TILE_CELLS } from '@p2mtrace/replayer';
import { BatchMemory, getU53, isValid, KIND, type KindName, type TraceReader } from '@p2mtrace/trace-format';
import { PAGE_KINDS } from './page-kinds.js';

/** Of PAGE_KINDS, those about 2^order frames. */
const RANGES: readonly KindName[] = ['page_alloc', 'page_free'];
const isOfPages = Uint8Array.from({ length: 256 }, (_, kind) => Number(PAGE_KINDS.some(name => KIND[name] === kind)));
const isRange = Uint8Array.from({ length: 256 }, (_, kind) => Number(RANGES.some(name => KIND[name] === kind)));

/** An entry of a larger order has no more frames than any machine. */
const MOST_ORDER = 40;

/** Everything that changed in one space, in the order of the trace: 13 bytes each. */
class Changes {
  count = 0;
  /** Row of the event in the trace. */
  rows = new Uint32Array(1024);
  frames = new Float64Array(1024);
  orders = new Uint8Array(1024);

  add(row: number, frame: number, order: number): void {
    if (this.count === this.rows.length) {
      this.rows = grown(this.rows, new Uint32Array(this.count * 2));
      this.frames = grown(this.frames, new Float64Array(this.count * 2));
      this.orders = grown(this.orders, new Uint8Array(this.count * 2));
    }
    this.rows[this.count] = row;
    this.frames[this.count] = frame;
    this.orders[this.count++] = order;
  }

  /** How many there are up to a row, inclusive. */
  upTo(row: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.rows[middle] <= row) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function grown<T extends Uint8Array | Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from as never);
  return to;
}

/**
 * How often frames were changed: entries by set_entry (that did not fail), page_info by what happens to a page. What
 * the trace lost is not in it.
 */
export class ChangeCounts {
  private readonly spaces = new Map<string, Changes>();
  private readonly firstSeq: number;
  /** While time moves, cells stay the same. */
  private last: { readonly key: string; readonly counter: Counter } | undefined;

  private constructor(firstSeq: number) {
    this.firstSeq = firstSeq;
  }

  /** Reads the whole trace, batch by batch, between which others get their turn. @throws P2mError P2M_DAMAGED */
  static async of(reader: TraceReader): Promise<ChangeCounts> {
    const counts = new ChangeCounts(reader.batches[0]?.firstSeq ?? 0);
    const memory = new BatchMemory();
    const machine = counts.space(null, 0);
    const names = ['kind', 'domid', 'view', 'gfn', 'mfn', 'order', 'rc'] as const;
    for (const info of reader.batches) {
      const { columns, validity } = reader.read(info, names, memory);
      const { kind, order } = columns;
      const at = info.firstSeq - counts.firstSeq;
      for (let row = 0; row < info.rows; row++) {
        if (kind[row] === KIND.set_entry) {
          if (isValid(validity.rc, row) && columns.rc[row] !== 0) continue;
          counts.space(columns.domid[row], columns.view[row]).add(at + row, getU53(columns.gfn, row), order[row]);
        } else if (isOfPages[kind[row]] === 1) {
          machine.add(at + row, getU53(columns.mfn, row), isRange[kind[row]] === 1 ? order[row] : 0);
        }
      }
      await setImmediate();
    }
    return counts;
  }

  /**
   * Changes of each cell of the tiles, up to an event (inclusive); `domid` null for the machine's frames. A cell of
   * several frames counts what changed any of them. Valid until the next call.
   */
  cells(domid: number | null, view: number, { cell, tiles }: Omit<CellRequest, 'value'>, seq: number): Float64Array {
    const changes = this.spaces.get(keyOf(domid, view));
    if (changes === undefined) return new Float64Array(tiles.length * TILE_CELLS);
    const key = `${keyOf(domid, view)} ${cell} ${tiles}`;
    if (this.last?.key !== key) this.last = { key, counter: new Counter(changes, cell, tiles) };
    return this.last.counter.moveTo(seq - this.firstSeq);
  }

  private space(domid: number | null, view: number): Changes {
    const key = keyOf(domid, view);
    let changes = this.spaces.get(key);
    if (changes === undefined) {
      changes = new Changes();
      this.spaces.set(key, changes);
    }
    return changes;
  }
}

const keyOf = (domid: number | null, view: number): string => `${domid ?? 'machine'} ${view}`;

/** Counts of some cells at one point, from which it goes on or back. */
class Counter {
  private readonly changes: Changes;
  private readonly cell: number;
  private readonly counts: Float64Array;
  /** Place of each tile. */
  private readonly places: ReadonlyMap<number, number>;
  /** Changes that are counted. */
  private done = 0;
  /** The tile of the last change, as the next is often near; its place, -1 for none. */
  private tile = -1;
  private place = -1;

  constructor(changes: Changes, cell: number, tiles: readonly number[]) {
    this.changes = changes;
    this.cell = cell;
    this.counts = new Float64Array(tiles.length * TILE_CELLS);
    this.places = new Map(tiles.map((tile, place) => [tile, place]));
  }

  /** Counts up to a row of the trace, inclusive. */
  moveTo(row: number): Float64Array {
    const wanted = this.changes.upTo(row);
    for (; this.done < wanted; this.done++) this.count(this.done, 1);
    while (this.done > wanted) this.count(--this.done, -1);
    return this.counts;
  }

  private count(i: number, by: number): void {
    const { cell, counts, places } = this;
    const length = 2 ** Math.min(this.changes.orders[i], MOST_ORDER);
    const frame = this.changes.frames[i] - (this.changes.frames[i] % length);
    const first = Math.floor(frame / cell);
    const end = Math.floor((frame + length - 1) / cell) + 1;
    const tile = Math.floor(first / TILE_CELLS);
    if (end <= (tile + 1) * TILE_CELLS) {
      if (tile !== this.tile) [this.tile, this.place] = [tile, places.get(tile) ?? -1];
      if (this.place < 0) return;
      const shift = (this.place - tile) * TILE_CELLS;
      for (let at = first; at < end; at++) counts[shift + at] += by;
      return;
    }
    for (const [of, place] of places) {
      const [low, high] = [Math.max(first, of * TILE_CELLS), Math.min(end, (of + 1) * TILE_CELLS)];
      for (let at = low; at < high; at++) counts[(place - of) * TILE_CELLS + at] += by;
    }
  }
}
