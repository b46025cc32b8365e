import { isRecorded, KINDS, type PieceOrigin, type TraceMetadata, type TraceReader } from '@p2mtrace/trace-format';
import { lossStarts } from '../event-feed.js';
import type { XenState } from '../state/xen-state.js';
import type { PieceRange } from './piece-ranges.js';
import type { PieceFilter } from './piece-scope.js';

/** Origin of a piece of the trace `of`; its snapshots and what it lacks are not known yet. */
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
    // A piece of a piece has no more domains than that piece.
    domains: (domains && [...domains]) ?? piece?.domains,
    pcpus: (pcpus && [...pcpus]) ?? piece?.pcpus,
    incomplete: piece?.incomplete,
  };
}

/** Metadata that a piece takes over from its trace: all but the counts, and only the losses of its range. */
export function inheritedMetadata(reader: TraceReader, state: XenState, range: PieceRange): TraceMetadata {
  const { counts: _whole, health, ...metadata } = reader.metadata;
  if (health === undefined) return metadata;
  const lost = lossesOf(reader, state, range);
  return { ...metadata, health: { ...health, lost: health.lost.filter((_, index) => lost.has(index)) } };
}

/** The losses in the metadata that are in progress at the start of a range, where the state is, or begin in it. */
function lossesOf(reader: TraceReader, { losing }: XenState, { from, to }: PieceRange): Set<number> {
  const starts = lossStarts(reader);
  const before = losing.flatMap(pcpu => starts.findLast(start => start.pcpu === pcpu && start.seq < from) ?? []);
  const within = starts.filter(({ seq }) => seq >= from && seq < to);
  return new Set([...before, ...within].map(({ index }) => index));
}
