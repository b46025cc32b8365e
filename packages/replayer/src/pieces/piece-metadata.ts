import {
  type ImportHealth,
  isRecorded,
  KINDS,
  type PieceOrigin,
  type TraceMetadata,
  type TraceReader,
} from '@p2mtrace/trace-format';
import { lossStarts } from '../event-feed.js';
import type { Replayer } from '../replayer.js';
import { lossRows } from '../state-summary.js';
import type { PieceRange } from './piece-ranges.js';
import type { PieceFilter } from './piece-scope.js';

/** Where a piece of the trace `of` comes from; its snapshots are not counted yet, nor is known what it will lack. */
export function pieceOrigin(
  metadata: TraceMetadata,
  of: string,
  { from, to }: PieceRange,
  { domains, pcpus }: PieceFilter,
): PieceOrigin {
  const { piece } = metadata;
  return {
    of,
    fromSeq: from,
    toSeq: to,
    snapshots: 0,
    recorded: KINDS.flatMap(({ name }) => (isRecorded(metadata, name) ? [name] : [])),
    // A piece of a piece has no more than that one.
    domains: (domains && [...domains]) ?? piece?.domains,
    pcpus: (pcpus && [...pcpus]) ?? piece?.pcpus,
    incomplete: piece?.incomplete,
  };
}

/** What a piece has of the whole's metadata: all but the counts, and the losses of the range only. */
export function inheritedMetadata(reader: TraceReader, state: Replayer, { to }: PieceRange): TraceMetadata {
  const { counts: _whole, health, ...metadata } = reader.metadata;
  return health === undefined
    ? metadata
    : { ...metadata, health: { ...health, lost: lostIn(reader, health, state, to) } };
}

/** Losses that are under way at this state, which is that at the start of a range, or begin before its end. */
function lostIn(reader: TraceReader, { lost }: ImportHealth, state: Replayer, to: number): ImportHealth['lost'] {
  const begun = new Set(lossStarts(reader).flatMap(({ seq, index }) => (seq < to ? [index] : [])));
  // A pcpu's losses follow each other: over are as many as have their lost event behind them.
  const over = new Map<number | null, number>();
  for (const { pcpu } of lossRows(state)) over.set(pcpu, (over.get(pcpu) ?? 0) + 1);
  return lost.filter(({ pcpu }, index) => {
    const left = over.get(pcpu) ?? 0;
    over.set(pcpu, left - 1);
    return left <= 0 && begun.has(index);
  });
}
