import { CELL_VALUES, type FrameCells, p2mCells, pageCells, TILE_CELLS } from '@p2mtrace/replayer';
import { usageError } from '@p2mtrace/trace-format/errors';
import type { Query } from './query.js';
import type { TraceModel } from './trace-model.js';

/** Tiles that one request may ask for: more than a screen shows. */
const TILES = 512;
/** Frames of the largest cell: 2^40 frames are more than any machine has. */
const CELL = 2 ** 40;

/**
 * Tiles of a map at a point: all values, then the seqs of the last writes, as float64 in the order of the machine.
 * @throws P2mError P2M_UI_QUERY (usage), P2M_VIEW (usage), P2M_DAMAGED
 */
export function mapAnswer(model: TraceModel, query: Query): Buffer {
  const cell = query.whole('cell');
  if (cell < 1 || cell > CELL || !Number.isInteger(Math.log2(cell))) {
    throw usageError('P2M_UI_QUERY', 'a cell has 1, 2, 4, … frames', 'load the page again');
  }
  // Tiles that are far apart would need a long list of those between.
  const tiles = query.numbers('tiles', TILES).filter(tile => tile < 2 ** 26);
  const request = { cell, tiles, value: query.oneOf('value', CELL_VALUES) };
  const view = query.optional('view');
  const { replayer } = model.at(query.whole('seq'));
  if (view === undefined) return bytesOf(pageCells(replayer, request));
  const domid = query.whole('domid');
  const index = model.reader.names.view.indexOf(view);
  const table = replayer.p2ms.find(p2m => p2m.domid === domid && p2m.view === index);
  return bytesOf(table === undefined ? nothing(tiles.length) : p2mCells(replayer, table, request));
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
