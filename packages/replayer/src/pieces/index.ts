export type { Piece, PieceSpec } from './piece-output.js';
export { type PieceRange, rangeBetween, rangesOfEvents, rangesOfTime, wholeRange } from './piece-ranges.js';
export type { PieceFilter } from './piece-scope.js';
export { domainsOf, pcpusOf } from './piece-subjects.js';
export { type PieceOptions, splitByFilter, splitTrace, trimTrace } from './pieces.js';
export { selectEvents } from './select-events.js';
