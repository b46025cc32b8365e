import { setImmediate } from 'node:timers/promises';
import { type CellRequest, TILE_CELLS } from '@p2mtrace/replayer';
import { BatchMemory, getU53, isValid, KIND, type KindName, type TraceReader } from '@p2mtrace/trace-format';

/** Events that change the page_info of a frame; all name it as `mfn`. */
const OF_PAGES: readonly KindName[] = [
  'get_page',
  'put_page',
  'alloc_ref_drop',
  'get_type',
  'put_type',
  'page_alloc',
  'page_free',
  'owner_set',
];
/** Of these, those about 2^order frames. */
const RANGES: readonly KindName[] = ['page_alloc', 'page_free'];
const isOfPages = Uint8Array.from({ length: 256 }, (_, kind) => Number(OF_PAGES.some(name => KIND[name] === kind)));
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

  /** Changes of each cell of the tiles, up to an event (inclusive); `domid` null for the machine's frames. */
  cells(domid: number | null, view: number, { cell, tiles }: Omit<CellRequest, 'value'>, seq: number): Float64Array {
    const counts = new Float64Array(tiles.length * TILE_CELLS);
    const changes = this.spaces.get(keyOf(domid, view));
    if (changes === undefined) return counts;
    const places = new Map(tiles.map((tile, place) => [tile, place]));
    const last = seq - this.firstSeq;
    const { rows, frames, orders } = changes;
    // Changes near each other are often of one tile.
    let [tile, place] = [-1, -1];
    for (let i = 0; i < changes.count && rows[i] <= last; i++) {
      const length = 2 ** Math.min(orders[i], MOST_ORDER);
      const first = Math.floor((frames[i] - (frames[i] % length)) / cell);
      const end = Math.floor((frames[i] - (frames[i] % length) + length - 1) / cell) + 1;
      const own = Math.floor(first / TILE_CELLS);
      if (end <= (own + 1) * TILE_CELLS) {
        if (own !== tile) [tile, place] = [own, places.get(own) ?? -1];
        if (place < 0) continue;
        const shift = (place - own) * TILE_CELLS;
        for (let at = first; at < end; at++) counts[shift + at]++;
      } else {
        for (const [of, to] of places) {
          const [low, high] = [Math.max(first, of * TILE_CELLS), Math.min(end, (of + 1) * TILE_CELLS)];
          for (let at = low; at < high; at++) counts[(to - of) * TILE_CELLS + at]++;
        }
      }
    }
    return counts;
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
