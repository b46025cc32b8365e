/** A piece, and where it goes. */
export type { Piece, PieceSpec } from './piece-output.js';
/** Ranges of events to cut. */
export { type PieceRange, rangeBetween, rangesOfEvents, rangesOfTime, wholeRange } from './piece-ranges.js';
/** What a piece is limited to. */
export type { PieceFilter } from './piece-scope.js';
/** Domains and pcpus of a trace. */
export { domainsOf, pcpusOf } from './piece-subjects.js';
/** Cuts a trace. */
export { type PieceOptions, splitByFilter, splitTrace, trimTrace } from './pieces.js';
/** A piece of chosen events. */
export { selectEvents } from './select-events.js';
