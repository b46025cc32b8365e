import { type LayoutProfile, P2M_TYPES } from '@p2mtrace/trace-format';
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
  /** The last event that wrote one of the cell's frames; NaN for none. */
  readonly seq: Float64Array;
}

/** Cells of a p2m (by `type`, an index of P2M_TYPES). Nothing is allocated for an entry. */
export function p2mCells(state: XenState, table: P2mTable, request: CellRequest): FrameCells {
  const cells = new Cells(request);
  const { value } = request;
  const ofPage = value === 'owner' || value === 'references' || value === 'generation';
  const put = (gfn: number, frames: number) => {
    if (ofPage && table.foundBase !== NO_MFN) {
      for (let at = gfn; at < gfn + frames; at++) {
        cells.put(at, 1, pageValue(state, table.foundMfn(at), value), table.foundSeq);
      }
    } else cells.put(gfn, frames, entryValue(table, gfn, value), table.foundSeq);
  };
  for (const [first, end] of cells.ranges) {
    table.forEachLeafIn(first, end, gfn => {
      const from = Math.max(gfn, first);
      const to = Math.min(gfn + framesOf(table.foundOrder), end);
      if (table.ranges.length === 0) put(from, to - from);
      else for (let at = from; at < to; at++) put(at, 1);
    });
  }
  return cells.result();
}

/** Cells of the machine's frames, by their page_info. */
export function pageCells(state: XenState, request: CellRequest): FrameCells {
  const cells = new Cells(request);
  const { pages } = state;
  for (const [first, end] of cells.ranges) {
    pages.directory.forEachIn(first, end, (mfn, slot) => {
      if (pages.state[slot] === 0) return;
      const [count, life] = [pages.countSeq[slot], pages.lifeSeq[slot]];
      const seq = Number.isNaN(count) || life > count ? life : count;
      cells.put(mfn, 1, request.value === 'age' ? seq : pageValueAt(state, slot, request.value), seq);
    });
  }
  return cells.result();
}

function entryValue(table: P2mTable, gfn: number, value: CellValue): number {
  switch (value) {
    case 'type':
      return table.typeAt(gfn);
    case 'access':
      return table.foundAccess === NO_ACCESS ? Number.NaN : table.foundAccess;
    case 'age':
      return table.foundSeq;
    default:
      return Number.NaN;
  }
}

const pageValue = (state: XenState, mfn: number, value: CellValue): number =>
  pageValueAt(state, state.pages.directory.find(mfn), value);

function pageValueAt({ pages, profile }: XenState, slot: number, value: CellValue): number {
  const known = pages.state[slot];
  switch (value) {
    case 'type':
      return (known & TYPE_KNOWN) === 0 ? Number.NaN : pageType(profile, pages.typeLow[slot], pages.typeHigh[slot]);
    case 'owner':
      if ((known & FREE) !== 0) return CELL_FREE;
      if ((known & OWNER_KNOWN) !== 0) return pages.owner[slot] === NO_OWNER ? CELL_NOBODY : pages.owner[slot];
      return (known & ALLOCATED) === 0 ? Number.NaN : CELL_NOBODY;
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
  private readonly first: number;
  /** Place of a tile in the result, by its number less `first`; -1 for one that was not asked for. */
  private readonly places: Int32Array;
  private readonly value: Float64Array;
  private readonly seq: Float64Array;
  /** How far the value of a cell leads over others (Boyer and Moore's majority vote). */
  private readonly lead: Float64Array;

  constructor({ cell, tiles, value }: CellRequest) {
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
    this.first = sorted[0] ?? 0;
    this.places = new Int32Array((sorted.at(-1) ?? -1) - this.first + 1).fill(-1);
    for (const [place, tile] of tiles.entries()) this.places[tile - this.first] = place;
    this.value = new Float64Array(tiles.length * TILE_CELLS).fill(Number.NaN);
    this.seq = new Float64Array(this.value.length).fill(Number.NaN);
    this.lead = new Float64Array(this.byCount ? this.value.length : 0);
  }

  /** Frames that all have this value, last written by the event `seq`. */
  put(frame: number, frames: number, value: number, seq: number): void {
    const end = frame + frames;
    for (let at = frame; at < end; ) {
      const number = Math.floor(at / this.cell);
      const next = Math.min((number + 1) * this.cell, end);
      const place = this.places[Math.floor(number / TILE_CELLS) - this.first];
      if (place >= 0) this.putCell(place * TILE_CELLS + (number % TILE_CELLS), next - at, value, seq);
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
