import { BATCH_ROWS, BatchMemory, COPIED_COLUMNS, type TraceReader, usageError } from '@p2mtrace/trace-format';
import { EventFeed } from '../event-feed.js';
import { FrameOwners } from './frame-owners.js';
import { OutputSet } from './output-set.js';
import { type Piece, PieceOutput, type PieceSource, type PieceSpec } from './piece-output.js';
import { type PieceRange, wholeRange } from './piece-ranges.js';
import type { PieceFilter } from './piece-scope.js';

/** Rows per batch when many pieces are written at once. */
const LEAST_ROWS = 4096;
/** Each is an open file. */
const MOST_AT_ONCE = 256;

export interface PieceOptions {
  /** Called with the number of events of the trace that are done. */
  readonly onProgress?: ((events: number) => void) | undefined;
}

/**
 * Cuts a range out of a trace. The piece begins with snapshots of the state at its start, so its replay reaches the
 * same state; then come the events of the range that the filter chooses, unchanged in every column but `seq`.
 * @throws P2mError P2M_WRITE (usage), P2M_SCHEMA, P2M_DAMAGED; then there is no piece
 */
export function trimTrace(
  reader: TraceReader,
  path: string,
  range: PieceRange,
  filter: PieceFilter = {},
  options: PieceOptions = {},
): Piece {
  const [piece] = cut(reader, [{ range, specs: [{ path, filter }] }], options);
  return piece;
}

/** Cuts a trace into ranges, in order; `pathOf` names the file of each by its number, from 0. Throws like trimTrace. */
export function splitTrace(
  reader: TraceReader,
  ranges: readonly PieceRange[],
  pathOf: (index: number) => string,
  options: PieceOptions = {},
): Piece[] {
  const cuts = ranges.map((range, i) => ({ range, specs: [{ path: pathOf(i), filter: {} }] }));
  return cut(reader, cuts, options);
}

/** Writes one piece of the whole trace for each filter. @throws P2mError P2M_PIECES (usage), and like trimTrace */
export function splitByFilter(reader: TraceReader, specs: readonly PieceSpec[], options: PieceOptions = {}): Piece[] {
  if (specs.length > MOST_AT_ONCE) {
    throw usageError('P2M_PIECES', `that makes more than ${MOST_AT_ONCE} pieces at once`, 'trim them one by one');
  }
  return cut(reader, [{ range: wholeRange(reader), specs }], options);
}

/** Pieces of one range. */
interface Cut {
  readonly range: PieceRange;
  readonly specs: readonly PieceSpec[];
}

/** Writes all pieces or none. Ranges are in order, so a single replay reaches the start of each. */
function cut(reader: TraceReader, cuts: readonly Cut[], options: PieceOptions): Piece[] {
  // A piece begins with what happened before it, and has the rest itself.
  const feed = new EventFeed(reader, { settles: false });
  const state = feed.start();
  const files = new OutputSet();
  const pieces: Piece[] = [];
  try {
    for (const { range, specs } of cuts) {
      feed.advance(state, range.from);
      const asksDomains = specs.some(({ filter }) => filter.domains !== undefined);
      const frames = asksDomains ? new FrameOwners(reader, state, range) : undefined;
      const source = { reader, range, state, frames, batchRows: batchRows(range, specs.length) };
      pieces.push(...writePieces(source, specs, files, options));
    }
    files.publish();
    return pieces;
  } catch (error) {
    files.discard();
    throw error;
  }
}

/** Fewer rows if many batches are filled at once, as each takes memory. */
function batchRows({ from, to }: PieceRange, pieces: number): number {
  return Math.max(LEAST_ROWS, Math.min(to - from, Math.floor(BATCH_ROWS / pieces)));
}

function writePieces(
  source: PieceSource,
  specs: readonly PieceSpec[],
  files: OutputSet,
  options: PieceOptions,
): Piece[] {
  const outputs: PieceOutput[] = [];
  try {
    for (const spec of specs) outputs.push(new PieceOutput(source, spec, files.add(spec.path)));
    copyEvents(source, outputs, options);
    return outputs.map(output => output.finish());
  } catch (error) {
    for (const output of outputs) output.abort();
    throw error;
  }
}

/** Passes the events of a range to all outputs. */
function copyEvents(
  { reader, range: { from, to } }: PieceSource,
  outputs: readonly PieceOutput[],
  { onProgress }: PieceOptions,
): void {
  const memory = new BatchMemory();
  for (const info of reader.batches) {
    const first = Math.max(0, from - info.firstSeq);
    const end = Math.min(info.rows, to - info.firstSeq);
    if (first >= end) continue;
    const batch = reader.read(info, COPIED_COLUMNS, memory);
    for (const output of outputs) output.add(batch, first, end);
    onProgress?.(info.firstSeq + end);
  }
}
