import {
  CELL_VALUES,
  CellMemory,
  type CellRequest,
  type FrameCells,
  p2mCells,
  pageCells,
  TILE_CELLS,
} from '@p2mtrace/replayer';
import { usageError } from '@p2mtrace/trace-format/errors';
import type { ChangeCounts } from './change-counts.js';
import type { Query } from './query.js';
import type { TraceModel } from './trace-model.js';

/** Tiles that one request may ask for: more than a screen shows. */
const TILES = 512;
/** What colours a map: what the state tells of a frame, or how often it was changed so far. */
const VALUES = [...CELL_VALUES, 'changes'] as const;
/** Frames of the largest cell: 2^40 frames are more than any machine has. */
const CELL = 2 ** 40;
/** More than a 64-bit address can name. */
const FRAMES = 2 ** 52;
/** What an int16 says of a cell that nothing is known of; and the numbers between which the others are. */
const UNKNOWN = -0x8000;
const MOST_SMALL = 0x7fff;
/** So many events ago: never, as far as is known. */
const NEVER = 0xffff_ffff;
/** Of all answers, one after the other: collecting what each of them left would take as long as the answer. */
const memory = new CellMemory();

/**
 * Tiles of a map at a point: of all cells, how many events ago the last write was, as u32 (0xffffffff: none is known);
 * then their values, as int16 where all of them fit (-0x8000: unknown), else as float64 (NaN). In the machine's byte order.
 * @throws P2mError P2M_UI_QUERY (usage), P2M_VIEW (usage), P2M_DAMAGED
 */
export async function mapAnswer(
  model: TraceModel,
  query: Query,
  changesOf: (model: TraceModel) => Promise<ChangeCounts>,
): Promise<Buffer> {
  const cell = query.whole('cell');
  if (cell < 1 || cell > CELL || !Number.isInteger(Math.log2(cell))) {
    throw usageError('P2M_UI_QUERY', 'a cell has 1, 2, 4, … frames', 'load the page again');
  }
  const tiles = query.numbers('tiles', TILES);
  if (tiles.some(tile => tile * cell > FRAMES / TILE_CELLS)) {
    throw usageError('P2M_UI_QUERY', 'no frame is in such a tile', 'load the page again');
  }
  const by = query.oneOf('value', VALUES);
  const counts = by === 'changes' ? await changesOf(model) : undefined;
  const view = query.optional('view');
  // What tells whether anything is known of a frame that was never changed.
  const known = view === undefined ? 'generation' : 'type';
  const request = { cell, tiles, value: by === 'changes' ? known : by } as const;
  const seq = query.whole('seq');
  const domid = view === undefined ? null : query.whole('domid');
  const index = view === undefined ? 0 : model.reader.names.view.indexOf(view);
  const cells = cellsOf(model, seq, domid, index, request);
  if (counts === undefined) return bytesOf(cells, seq);
  const value = counts.cells(domid, index, request, seq).slice();
  for (let i = 0; i < value.length; i++) if (value[i] === 0 && Number.isNaN(cells.value[i])) value[i] = Number.NaN;
  return bytesOf({ value, seq: cells.seq }, seq);
}

function cellsOf(model: TraceModel, seq: number, domid: number | null, view: number, request: CellRequest): FrameCells {
  const { replayer } = model.at(seq);
  if (domid === null) return pageCells(replayer, request, memory);
  const table = replayer.p2ms.find(p2m => p2m.domid === domid && p2m.view === view);
  return table === undefined ? nothing(request.tiles.length) : p2mCells(replayer, table, request, memory);
}

function nothing(tiles: number): FrameCells {
  const value = new Float64Array(tiles * TILE_CELLS).fill(Number.NaN);
  return { value, seq: value };
}

function bytesOf({ value, seq }: FrameCells, now: number): Buffer {
  const cells = value.length;
  const isSmall = value.every(isSmallOrUnknown);
  const bytes = Buffer.allocUnsafeSlow(cells * (4 + (isSmall ? 2 : 8)));
  const ago = new Uint32Array(bytes.buffer, 0, cells);
  for (let i = 0; i < cells; i++) ago[i] = seq[i] <= now ? Math.min(now - seq[i], NEVER - 1) : NEVER;
  if (isSmall) {
    const small = new Int16Array(bytes.buffer, 4 * cells, cells);
    for (let i = 0; i < cells; i++) small[i] = Number.isNaN(value[i]) ? UNKNOWN : value[i];
  } else {
    new Float64Array(bytes.buffer, 4 * cells, cells).set(value);
  }
  return bytes;
}

const isSmallOrUnknown = (value: number): boolean =>
  Number.isNaN(value) || (Number.isInteger(value) && value > UNKNOWN && value <= MOST_SMALL);
