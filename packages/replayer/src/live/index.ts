/** A batch of a stream. */

/** A trace as a stream. */
export { feedTrace } from './feed-trace.js';
/** Makes one trace of pieces of a stream. */
export { joinPieces } from './join-pieces.js';
export type { LivePage } from './live-page.js';
/** Replays a stream while it comes. */
export { type LiveOrder, LiveReplay, type LiveReplayOptions } from './live-replay.js';
/** The last events of a stream. */
export type { LiveRows } from './live-rows.js';
/** Pieces of a stream, one after the other. */
export { type KeptPiece, pieceBlock, RollingPiece } from './rolling-piece.js';
