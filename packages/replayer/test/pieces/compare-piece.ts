import { TraceReader } from '@p2mtrace/trace-format';
import { expect } from 'vitest';
import { type Piece, type Replay, replay } from '../../src/index.js';
import { divergencesSince, ofPiece, ofWhole, stateTables, tableDifferences } from './state-tables.js';

/**
 * That a piece comes to the state of the whole at its end, row by row, and meets on the way what the whole meets.
 * @throws Error that names what differs
 */
export function comparePiece(whole: Replay, { path, range }: Piece): void {
  const piece = TraceReader.open(path);
  try {
    const { reader } = whole;
    const before = whole.at(range.from - 1).replayer;
    const [suppressed, outOfRange] = [before.suppressed, before.outOfRange];
    const now = whole.at(range.to - 1).replayer;
    const own = replay(piece, { index: false }).at('end').replayer;
    const [mine, theirs] = [ofPiece(piece), ofWhole(range.from)];
    const found = tableDifferences(stateTables(own, piece, mine), stateTables(now, reader, theirs));
    if (found.length > 0) throw new Error([`events ${range.from} to ${range.to - 1}:`, ...found].join('\n'));
    expect(divergencesSince(own, piece, mine)).toEqual(divergencesSince(now, reader, theirs));
    expect([own.suppressed, own.outOfRange]).toEqual([now.suppressed - suppressed, now.outOfRange - outOfRange]);
  } finally {
    piece.close();
  }
}
