import { BatchMemory, isValid, type TraceReader, usageError } from '@p2mtrace/trace-format';
import { firstTsc, type Position, resolvePosition, ticksOf } from '../position.js';

/** Events of a trace by seq: `from` inclusive, `to` exclusive. */
export interface PieceRange {
  readonly from: number;
  readonly to: number;
}

/** More pieces than this are surely a mistake: each begins with the whole state. */
const MAX_PIECES = 10_000;

/**
 * From one position to another. An event named by its seq is included at both ends; a point in time is where the events
 * after it begin, so two ranges that meet there share no event and miss none.
 * @throws P2mError P2M_RANGE, and like resolvePosition
 */
export function rangeBetween(
  reader: TraceReader,
  from: Position,
  to: Position,
  tscHz?: number,
  startTime?: bigint,
): PieceRange {
  const afterFrom = resolvePosition(reader, from, tscHz, startTime);
  const range = { from: from.at === 'seq' ? from.seq : afterFrom, to: resolvePosition(reader, to, tscHz, startTime) };
  if (range.from <= range.to) return range;
  const first = from.at === 'seq' ? `event ${range.from}` : `the first event behind it, ${range.from},`;
  throw usageError('P2M_RANGE', `--from is behind --to: ${first} comes after event ${range.to - 1}`, 'swap them');
}

/** The whole trace in ranges of this many events; the last has the rest. @throws P2mError P2M_PIECES (usage) */
export function rangesOfEvents(reader: TraceReader, events: number): PieceRange[] {
  const { from, to } = wholeRange(reader);
  checkPieces(Math.ceil((to - from) / events));
  const cuts: number[] = [];
  for (let at = from + events; at < to; at += events) cuts.push(at);
  return rangesBetween(from, cuts, to);
}

/**
 * The whole trace in ranges of this length, counted from its first TSC. A stretch without events makes no range.
 * @throws P2mError P2M_PIECES, P2M_NO_CLOCK, P2M_NO_TSC (usage), P2M_DAMAGED
 */
export function rangesOfTime(reader: TraceReader, nanoseconds: bigint, tscHz?: number): PieceRange[] {
  const { from, to } = wholeRange(reader);
  const ticks = ticksOf(reader, nanoseconds, tscHz);
  if (ticks === 0n) throw usageError('P2M_PIECES', 'pieces shorter than a tick of the TSC', 'make them longer');
  return rangesBetween(from, cutsByTsc(reader, firstTsc(reader), ticks), to);
}

/** All events of a trace. */
export function wholeRange({ batches, rows }: TraceReader): PieceRange {
  const from = batches[0]?.firstSeq ?? 0;
  return { from, to: from + rows };
}

/** Seqs of the first events at or after each TSC `start` + n · `ticks`, in order of seq. */
function cutsByTsc(reader: TraceReader, start: bigint, ticks: bigint): number[] {
  const cuts: number[] = [];
  const memory = new BatchMemory();
  let limit = start + ticks;
  for (const info of reader.batches) {
    if (info.lastTsc !== undefined && info.lastTsc <= limit) continue;
    const { columns, validity } = reader.read(info, ['tsc'], memory);
    let [low, high] = wordsOf(limit);
    for (let row = 0; row < info.rows; row++) {
      const rowHigh = columns.tsc[2 * row + 1];
      if (rowHigh < high || (rowHigh === high && columns.tsc[2 * row] <= low) || !isValid(validity.tsc, row)) continue;
      cuts.push(info.firstSeq + row);
      checkPieces(cuts.length + 1);
      const tsc = (BigInt(rowHigh) << 32n) | BigInt(columns.tsc[2 * row]);
      limit += ((tsc - limit + ticks - 1n) / ticks) * ticks;
      [low, high] = wordsOf(limit);
    }
  }
  return cuts;
}

const wordsOf = (tsc: bigint) => [Number(tsc & 0xffff_ffffn), Number(tsc >> 32n)];

function rangesBetween(from: number, cuts: readonly number[], to: number): PieceRange[] {
  return [from, ...cuts].map((start, i) => ({ from: start, to: cuts[i] ?? to }));
}

function checkPieces(pieces: number): void {
  if (pieces <= MAX_PIECES) return;
  throw usageError('P2M_PIECES', `that makes more than ${MAX_PIECES} pieces`, 'make them longer');
}
