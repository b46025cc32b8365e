import { CELL_VALUES, type CellRequest, type FrameCells, p2mCells, pageCells, TILE_CELLS } from '@p2mtrace/replayer';
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

/**
 * Tiles of a map at a point: all values, then the seqs of the last writes, as float64 in the order of the machine.
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
  if (counts === undefined) return bytesOf(cells);
  const value = counts.cells(domid, index, request, seq).slice();
  for (let i = 0; i < value.length; i++) if (value[i] === 0 && Number.isNaN(cells.value[i])) value[i] = Number.NaN;
  return bytesOf({ value, seq: cells.seq });
}

function cellsOf(model: TraceModel, seq: number, domid: number | null, view: number, request: CellRequest): FrameCells {
  const { replayer } = model.at(seq);
  if (domid === null) return pageCells(replayer, request);
  const table = replayer.p2ms.find(p2m => p2m.domid === domid && p2m.view === view);
  return table === undefined ? nothing(request.tiles.length) : p2mCells(replayer, table, request);
}

function nothing(tiles: number): FrameCells {
  const value = new Float64Array(tiles * TILE_CELLS).fill(Number.NaN);
  return { value, seq: value };
}

function bytesOf({ value, seq }: FrameCells): Buffer {
  const both = new Float64Array(value.length * 2);
  both.set(value);
  both.set(seq, value.length);
  return Buffer.from(both.buffer);
}
