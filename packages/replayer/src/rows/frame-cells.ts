import { type LayoutProfile, P2M_TYPES } from '@p2mtrace/trace-format';
import { CHUNK } from '../memory/frame-table.js';
import { framesOf } from '../memory/order.js';
import type { XenState } from '../state/xen-state.js';
import { NO_ACCESS, NO_MFN, type P2mTable } from '../tables/p2m-table.js';
import { ALLOCATED, COUNT_KNOWN, FREE, NO_OWNER, OWNER_KNOWN, TYPE_KNOWN } from '../tables/page-table.js';

/** Cells of a tile, which stand for consecutive frames. */
export const TILE_CELLS = 1024;

/** What a cell tells of its frames. */
export const CELL_VALUES = ['type', 'access', 'owner', 'age', 'references', 'generation'] as const;
export type CellValue = (typeof CELL_VALUES)[number];

/** Owners of a frame that are no domain. */
export const CELL_FREE = -2;
export const CELL_NOBODY = -1;

/** A map of frames: tile T has the frames from T * TILE_CELLS * cell on, `cell` (a power of two) of them in each cell. */
export interface CellRequest {
  readonly cell: number;
  readonly tiles: readonly number[];
  readonly value: CellValue;
}

/** Tile after tile. */
export interface FrameCells {
  /**
   * For type, access and owner, that of most frames of the cell if more than half of those known agree, else of some:
   * an index of P2M_TYPES, of ACCESS_TYPES, or of the layout's page types; a domid, CELL_FREE or CELL_NOBODY. For
   * references and generation, the largest. For age, the same as `seq`. NaN where nothing is known.
   */
  readonly value: Float64Array;
  /**
   * The last event that wrote the entry of one of the cell's frames; of the machine's frames, that changed count or type
   * of one, allocated or freed it. NaN for none that is known.
   */
  readonly seq: Float64Array;
}

/** Memory for cells: what is in it is valid until it is used again. */
export class CellMemory {
  private readonly arrays = [new Float64Array(0), new Float64Array(0), new Float64Array(0)];

  /** One of three arrays, of so many numbers that are all `value`. */
  take(which: 0 | 1 | 2, length: number, value: number): Float64Array {
    if (this.arrays[which].length < length) this.arrays[which] = new Float64Array(length);
    return this.arrays[which].subarray(0, length).fill(value);
  }
}

/**
 * Cells of a p2m (by `type`, an index of P2M_TYPES). Nothing is allocated for an entry; of a large one, only cells and
 * pages of which something is known take time.
 */
export function p2mCells(
  state: XenState,
  table: P2mTable,
  request: CellRequest,
  memory = new CellMemory(),
): FrameCells {
  const cells = new Cells(request, memory);
  const { value } = request;
  const ofPage = value === 'owner' || value === 'references' || value === 'generation';
  const pages = new KnownPages(state);
  const putPages = (from: number, to: number) => {
    const mfn = table.foundMfn(from);
    pages.forEachIn(mfn, mfn + to - from, (of, slot) => {
      cells.put(from + of - mfn, 1, pageValueAt(state, slot, value), Number.NaN);
    });
  };
  const putTypes = (from: number, to: number) => {
    for (let at = from; at < to; ) {
      const next = table.typeEnd(at, to);
      cells.put(at, next - at, table.typeAt(at), table.foundSeq);
      at = next;
    }
  };
  for (const [first, end] of cells.ranges) {
    table.forEachLeafIn(first, end, gfn => {
      const from = Math.max(gfn, first);
      const to = Math.min(gfn + framesOf(table.foundOrder), end);
      if (value === 'type') return putTypes(from, to);
      cells.put(from, to - from, entryValue(table, value), table.foundSeq);
      if (ofPage && table.foundBase !== NO_MFN) putPages(from, to);
    });
  }
  return cells.result();
}

/** Pages of which something is known, found by ranges of mfns, however wide. */
class KnownPages {
  private readonly pages: XenState['pages'];
  /** All of them, in order, once a range is wider than a chunk of frames. */
  private mfns: Float64Array | undefined;

  constructor({ pages }: XenState) {
    this.pages = pages;
  }

  forEachIn(first: number, end: number, visit: (mfn: number, slot: number) => void): void {
    const { directory } = this.pages;
    if (end - first <= CHUNK) {
      for (let mfn = first; mfn < end; mfn++) {
        const slot = directory.find(mfn);
        if (slot !== 0) visit(mfn, slot);
      }
      return;
    }
    this.mfns ??= this.all();
    let [low, high] = [0, this.mfns.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.mfns[middle] < first) low = middle + 1;
      else high = middle;
    }
    for (; this.mfns[low] < end; low++) visit(this.mfns[low], directory.find(this.mfns[low]));
  }

  private all(): Float64Array {
    const mfns: number[] = [];
    this.pages.forEach((mfn, slot) => {
      if (this.pages.state[slot] !== 0) mfns.push(mfn);
    });
    return Float64Array.from(mfns);
  }
}

/** Cells of the machine's frames, by their page_info. */
export function pageCells(state: XenState, request: CellRequest, memory = new CellMemory()): FrameCells {
  const cells = new Cells(request, memory);
  const { pages } = state;
  for (const [first, end] of cells.ranges) {
    pages.directory.forEachIn(first, end, (mfn, slot) => {
      if (pages.state[slot] === 0) return;
      const seq = pageSeq(state, slot);
      cells.put(mfn, 1, request.value === 'age' ? seq : pageValueAt(state, slot, request.value), seq);
    });
  }
  return cells.result();
}

function entryValue(table: P2mTable, value: CellValue): number {
  switch (value) {
    case 'access':
      return table.foundAccess === NO_ACCESS ? Number.NaN : table.foundAccess;
    case 'age':
      return table.foundSeq;
    default:
      return Number.NaN;
  }
}

/** The last event that changed what is known of a page; NaN for none. What was known before a loss is over. */
function pageSeq({ pages }: XenState, slot: number): number {
  const known = pages.state[slot];
  let last = Number.NaN;
  if ((known & COUNT_KNOWN) !== 0) last = pages.countSeq[slot];
  if ((known & TYPE_KNOWN) !== 0) last = later(last, pages.typeSeq[slot]);
  if ((known & (ALLOCATED | FREE)) !== 0) last = later(last, pages.lifeSeq[slot]);
  return last;
}

/** The larger of two seqs, each NaN for none. */
const later = (a: number, b: number): number => (a >= b || Number.isNaN(b) ? a : b);

function pageValueAt({ pages, profile }: XenState, slot: number, value: CellValue): number {
  const known = pages.state[slot];
  switch (value) {
    case 'type':
      return (known & TYPE_KNOWN) === 0 ? Number.NaN : pageType(profile, pages.typeLow[slot], pages.typeHigh[slot]);
    case 'owner':
      if ((known & FREE) !== 0) return CELL_FREE;
      if ((known & OWNER_KNOWN) === 0) return Number.NaN;
      return pages.owner[slot] === NO_OWNER ? CELL_NOBODY : pages.owner[slot];
    case 'references':
      return (known & COUNT_KNOWN) === 0 ? Number.NaN : pages.count(slot);
    case 'generation':
      return known === 0 ? Number.NaN : pages.generation[slot];
    default:
      return Number.NaN;
  }
}

/** As `decodeTypeInfo`, without a bigint. P0 has 32-bit words. */
function pageType({ typeShift }: LayoutProfile, low: number, high: number): number {
  return typeShift < 32 ? low >>> typeShift : high >>> (typeShift - 32);
}

/** Collects the cells of the tiles that were asked for. */
class Cells {
  /** Frames of the tiles, as [first, end), in order; neighbours are one range. */
  readonly ranges: readonly (readonly [number, number])[];
  private readonly cell: number;
  private readonly byCount: boolean;
  /** Place of each tile in the result. */
  private readonly places: ReadonlyMap<number, number>;
  /** The last tile, as the next frame is mostly in it; its place, -1 for one that was not asked for. */
  private tile = -1;
  private place = -1;
  private readonly value: Float64Array;
  private readonly seq: Float64Array;
  /** How far the value of a cell leads over others (Boyer and Moore's majority vote). */
  private readonly lead: Float64Array;

  constructor({ cell, tiles, value }: CellRequest, memory: CellMemory) {
    this.cell = cell;
    this.byCount = value === 'type' || value === 'access' || value === 'owner';
    const sorted = [...new Set(tiles)].sort((a, b) => a - b);
    const size = cell * TILE_CELLS;
    const ranges: [number, number][] = [];
    for (const tile of sorted) {
      const last = ranges.at(-1);
      if (last !== undefined && last[1] === tile * size) last[1] += size;
      else ranges.push([tile * size, (tile + 1) * size]);
    }
    this.ranges = ranges;
    this.places = new Map(tiles.map((tile, place) => [tile, place]));
    const length = tiles.length * TILE_CELLS;
    this.value = memory.take(0, length, Number.NaN);
    this.seq = memory.take(1, length, Number.NaN);
    this.lead = memory.take(2, this.byCount ? length : 0, 0);
  }

  /** Frames that all have this value, last written by the event `seq`. */
  put(frame: number, frames: number, value: number, seq: number): void {
    const end = frame + frames;
    for (let at = frame; at < end; ) {
      const number = Math.floor(at / this.cell);
      const next = Math.min((number + 1) * this.cell, end);
      const tile = Math.floor(number / TILE_CELLS);
      if (tile !== this.tile) [this.tile, this.place] = [tile, this.places.get(tile) ?? -1];
      if (this.place >= 0) this.putCell(this.place * TILE_CELLS + (number % TILE_CELLS), next - at, value, seq);
      at = next;
    }
  }

  private putCell(i: number, frames: number, value: number, seq: number): void {
    if (!(this.seq[i] >= seq) && !Number.isNaN(seq)) this.seq[i] = seq;
    if (Number.isNaN(value)) return;
    if (!this.byCount) {
      if (!(this.value[i] >= value)) this.value[i] = value;
    } else if (this.value[i] === value) {
      this.lead[i] += frames;
    } else if (this.lead[i] >= frames) {
      this.lead[i] -= frames;
    } else {
      this.value[i] = value;
      this.lead[i] = frames - this.lead[i];
    }
  }

  result(): FrameCells {
    return { value: this.value, seq: this.seq };
  }
}

/** How far the frames of a map go. */
export interface Extent {
  /** One after the last known frame that is no hole; 0 for none. */
  readonly end: number;
  /** The least power of two below which most of them are: 19 of 20. */
  readonly most: number;
}

/** How far the known entries of a p2m go. */
export function p2mExtent(table: P2mTable): Extent {
  const sizes = new Sizes();
  table.forEachLeafIn(0, Number.POSITIVE_INFINITY, gfn => {
    if (!HOLES.has(table.foundType) || table.foundBase !== NO_MFN) sizes.add(gfn, framesOf(table.foundOrder));
  });
  return sizes.extent();
}

/** How far the frames go of whose page_info something is known. */
export function pageExtent({ pages }: XenState): Extent {
  const sizes = new Sizes();
  pages.forEach((mfn, slot) => {
    if (pages.state[slot] !== 0) sizes.add(mfn, 1);
  });
  return sizes.extent();
}

class Sizes {
  private end = 0;
  /** Frames by the number of bits of their number. */
  private readonly byBits = new Float64Array(54);

  add(frame: number, frames: number): void {
    this.end = Math.max(this.end, frame + frames);
    this.byBits[Math.ceil(Math.log2(frame + 1))] += frames;
  }

  extent(): Extent {
    const all = this.byBits.reduce((sum, frames) => sum + frames, 0);
    let [bits, below] = [0, this.byBits[0]];
    while (below < 0.95 * all) below += this.byBits[++bits];
    return { end: this.end, most: 2 ** bits };
  }
}

const HOLES: ReadonlySet<number> = new Set(['invalid', 'mmio_dm'].map(name => P2M_TYPES.indexOf(name as 'invalid')));
