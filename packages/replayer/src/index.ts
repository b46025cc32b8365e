export { checkpointPath } from './checkpoints.js';
export * from './checks/breach-names.js';
export { type ContextRow, contextRows } from './context-rows.js';
export * from './diff/index.js';
export * from './events/index.js';
export type { FactArray, FactColumnSpec, FactColumns, FactSpec, FactType } from './fact-columns.js';
export type { ChunkOf, FactChunk, FactSelection, FactSink } from './fact-sink.js';
export * from './fact-specs.js';
export { FactStore } from './fact-store.js';
export { facts } from './facts.js';
export { type GrantRow, grantRows } from './grant-rows.js';
export * from './history/index.js';
export { type LinuxRow, linuxRows } from './linux-rows.js';
export { type LockRow, lockRows } from './lock-rows.js';
export { INVALID_M2P, SHARED_M2P } from './m2p-state.js';
export { type P2mRun, p2mRuns } from './p2m-runs.js';
export { type PageRow, pageRows } from './page-rows.js';
export { type PagingRow, pagingRows } from './paging-rows.js';
export * from './pieces/index.js';
export { type PodRow, podRows } from './pod-rows.js';
export { type Position, parseDuration, parsePosition, resolvePosition } from './position.js';
export { type OpenReplayOptions, Replay, replay } from './replay.js';
export { FACT_COLUMNS, type ReplayBatch, STATE_COLUMNS } from './replay-batch.js';
export type { CheckOptions, ReplayOptions } from './replay-options.js';
export { type ReplayTraceOptions, replayTrace } from './replay-trace.js';
export { Replayer } from './replayer.js';
export { type SharingRow, sharingRows } from './sharing-rows.js';
export { XenState } from './state/xen-state.js';
export * from './state-image.js';
export {
  type M2pRow,
  type M2pValue,
  m2pRows,
  type Names,
  type P2mRow,
  p2mRows,
  type StateFilter,
} from './state-rows.js';
export {
  type DivergenceRow,
  divergenceRows,
  type LossRow,
  lossRows,
  mechanismCounts,
  type P2mSummary,
  type PageSummary,
  p2mSummaries,
  pageSummary,
} from './state-summary.js';
export { type EntryState, type LockHolder, type MappingRow, StateView } from './state-view.js';
export { type TlbRow, tlbRows } from './tlb-rows.js';
export { traceIdentity } from './trace-identity.js';
export type { Translation } from './translation-table.js';
export * from './travel/index.js';
export { type ViewRow, viewRows } from './view-rows.js';
