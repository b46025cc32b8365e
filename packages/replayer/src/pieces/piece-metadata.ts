import { isRecorded, KINDS, type PieceOrigin, type TraceMetadata, type TraceReader } from '@p2mtrace/trace-format';
import { lossStarts } from '../event-feed.js';
import type { XenState } from '../state/xen-state.js';
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
export function inheritedMetadata(reader: TraceReader, state: XenState, range: PieceRange): TraceMetadata {
  const { counts: _whole, health, ...metadata } = reader.metadata;
  if (health === undefined) return metadata;
  const lost = lossesOf(reader, state, range);
  return { ...metadata, health: { ...health, lost: health.lost.filter((_, index) => lost.has(index)) } };
}

/** Which of the metadata's losses are under way at the start of a range, where the state is, or begin in it. */
function lossesOf(reader: TraceReader, { losing }: XenState, { from, to }: PieceRange): Set<number> {
  const starts = lossStarts(reader);
  const before = losing.flatMap(pcpu => starts.findLast(start => start.pcpu === pcpu && start.seq < from) ?? []);
  const within = starts.filter(({ seq }) => seq >= from && seq < to);
  return new Set([...before, ...within].map(({ index }) => index));
}
