import type { Space } from '../api.js';
import { askBytes } from '../data/ask.js';
import type { Area } from './camera.js';
import { frameAt, placeOfFrame } from './hilbert.js';

/** As in the server: cells of a tile, and its side. */
const TILE_CELLS = 1024;
const TILE_SIDE = 32;
/** A cell has at least so many pixels. */
const FINEST = 3;
/** As the server answers: nothing known, and never written. */
const UNKNOWN = -0x8000;
const NEVER = 0xffff_ffff;
/** As the server allows. */
const MOST_TILES = 500;

/** A part of a map as squares: `columns` × `rows` cells of side `size` frames, from (x, y) on. */
export interface Picture {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly columns: number;
  readonly rows: number;
  /** By row; NaN for unknown. */
  readonly value: Float64Array;
  readonly written: Float64Array;
  readonly seq: number;
  /** What `value` tells of a cell. */
  readonly by: string;
}

/** True if cells of the same place tell the same of the same frames. */
export const isSameArea = (a: Picture, b: Picture): boolean =>
  a.x === b.x && a.y === b.y && a.size === b.size && a.columns === b.columns && a.rows === b.rows && a.by === b.by;

/** What two pictures of the same area tell of its cells. */
export interface Differences {
  /** Cells that both know, and those of them that are not the same. */
  readonly both: number;
  readonly differ: number;
  /** Cells that only one of them knows. */
  readonly oneOnly: number;
}

/** Undefined for pictures that can't be compared: one of them is not there yet. */
export function differences(a: Picture, b: Picture): Differences | undefined {
  if (!isSameArea(a, b)) return undefined;
  let [both, differ, oneOnly] = [0, 0, 0];
  for (let i = 0; i < a.value.length; i++) {
    const [one, two] = [a.value[i], b.value[i]];
    const unknown = Number(Number.isNaN(one)) + Number(Number.isNaN(two));
    if (unknown === 1) oneOnly++;
    if (unknown > 0) continue;
    both++;
    if (one !== two) differ++;
  }
  return { both, differ, oneOnly };
}

/** Side of the square that has all frames of a space. */
export function sideOf({ end }: Space): number {
  let side = TILE_SIDE;
  while (side * side < end) side *= 2;
  return side;
}

/** Asks for the tiles that an area shows. @throws Refused */
export async function pictureOf(
  space: Space,
  area: Area,
  params: { readonly t: number; readonly seq: number; readonly value: string },
): Promise<Picture> {
  const side = sideOf(space);
  let size = 1;
  const most = side / TILE_SIDE;
  while (size < most && (size * area.scale < FINEST || tilesOf(area, size, side).tiles > MOST_TILES)) size *= 2;
  const { left, top, right, bottom } = tilesOf(area, size, side);
  const block = size * TILE_SIDE;
  const tiles: number[] = [];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) tiles.push(Math.floor(frameAt(side, x * block, y * block) / (block * block)));
  }
  const columns = (right - left) * TILE_SIDE;
  const rows = (bottom - top) * TILE_SIDE;
  const value = new Float64Array(columns * rows).fill(Number.NaN);
  const written = new Float64Array(columns * rows).fill(Number.NaN);
  const { seq, value: by } = params;
  const picture = { x: left * block, y: top * block, size, columns, rows, value, written, seq, by };
  if (tiles.length === 0) return picture;
  const cell = size * size;
  const given = {
    ...params,
    cell,
    tiles: tiles.join(','),
    domid: space.domid ?? undefined,
    view: space.view ?? undefined,
  };
  const bytes = await askBytes('map', given);
  const cells = tiles.length * TILE_CELLS;
  const ago = new Uint32Array(bytes, 0, cells);
  const isSmall = bytes.byteLength === 6 * cells;
  const values = isSmall ? new Int16Array(bytes, 4 * cells) : new Float64Array(bytes, 4 * cells);
  const places = placesOf(tiles, side / size, left * TILE_SIDE, top * TILE_SIDE, columns);
  for (let i = 0; i < cells; i++) {
    if (ago[i] !== NEVER) written[places[i]] = seq - ago[i];
    if (!isSmall || values[i] !== UNKNOWN) value[places[i]] = values[i];
  }
  return picture;
}

function tilesOf({ x, y, width, height }: Area, size: number, side: number) {
  const block = size * TILE_SIDE;
  const last = side / block;
  const inside = (at: number) => Math.min(Math.max(at, 0), last);
  const [left, right] = [inside(Math.floor(x / block)), inside(Math.ceil((x + width) / block))];
  const [top, bottom] = [inside(Math.floor(y / block)), inside(Math.ceil((y + height) / block))];
  return { left, top, right, bottom, tiles: (right - left) * (bottom - top) };
}

/** Of the last tiles: while time moves, they stay the same. */
let last: { readonly key: string; readonly places: Int32Array } | undefined;

/** Where each cell of the tiles is in a picture. */
function placesOf(tiles: readonly number[], side: number, left: number, top: number, columns: number): Int32Array {
  const key = `${side} ${left} ${top} ${columns} ${tiles.join()}`;
  if (last?.key === key) return last.places;
  const places = new Int32Array(tiles.length * TILE_CELLS);
  const at = { x: 0, y: 0 };
  for (const [place, tile] of tiles.entries()) {
    for (let i = 0; i < TILE_CELLS; i++) {
      placeOfFrame(side, tile * TILE_CELLS + i, at);
      places[place * TILE_CELLS + i] = (at.y - top) * columns + at.x - left;
    }
  }
  last = { key, places };
  return places;
}
