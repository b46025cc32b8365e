export * from './fact-specs.js';
export * from './fact-table.js';
export { type LockRow, lockRows } from './lock-rows.js';
export { type P2mRun, p2mRuns } from './p2m-runs.js';
export { type PageRow, pageRows } from './page-rows.js';
export { type Position, parsePosition, resolvePosition } from './position.js';
export { type ReplayTraceOptions, replayTrace } from './replay-trace.js';
export { FACT_COLUMNS, INVALID_M2P, Replayer, type ReplayOptions, SHARED_M2P, STATE_COLUMNS } from './replayer.js';
export { type M2pRow, m2pRows, type Names, type P2mRow, p2mRows, type StateFilter } from './state-rows.js';
export {
  type DivergenceRow,
  divergenceRows,
  type LossRow,
  lossRows,
  type P2mSummary,
  type PageSummary,
  p2mSummaries,
  pageSummary,
} from './state-summary.js';
