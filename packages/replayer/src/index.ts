export { SYMBOL_SITES } from './batch/call-site.js';
export { FACT_COLUMNS, type ReplayBatch, STATE_COLUMNS } from './batch/replay-batch.js';
export { checkpointPath } from './checkpoints/checkpoints.js';
export { traceIdentity } from './checkpoints/trace-identity.js';
export { sharesOf } from './checks/chosen-checks.js';
export {
  type ChangeSummary,
  DIFF_TABLES,
  type DiffOptions,
  type DiffTable,
  diffStates,
  type StateChange,
  summarize,
  type Values,
} from './diff/index.js';
export {
  type EventFilter,
  EventReader,
  eventsTouching,
  firstMatch,
  matchingEvents,
  parseExpression,
  parseSubject,
  type SeqRange,
  SUBJECTS,
  type Subject,
  subjectText,
  type TraceEvent,
  touching,
  viewIndex,
} from './events/index.js';
export {
  BREACH_CONFIDENCES,
  BREACH_DETAILS,
  BREACH_RULES,
  BREACH_TABLE,
  type BreachConfidence,
  type BreachRule,
  type DetailOf,
  type RoleOf,
  rolesOf,
  witnessColumn,
} from './facts/breach-table.js';
export type { FactArray, FactColumnSpec, FactColumns, FactSpec, FactType } from './facts/fact-columns.js';
export type { ChunkOf, FactChunk, FactSelection, FactSink } from './facts/fact-sink.js';
export {
  BREACH_SPEC,
  DIVERGENCE_SPEC,
  DIVERGENCES,
  DIVERGES,
  DOMAINS,
  FACT_SPECS,
  FACTS_VERSION,
  GRANT_SPANS,
  INVALIDATIONS,
  LOCK_EDGES,
  LOCK_GATES,
  LOCK_SPANS,
  LOOKUPS,
  LOSSES,
  M2P_SPANS,
  MAPPING_SPANS,
  OPPORTUNITY_SPEC,
  OVERRIDE_SPANS,
  PAGE_SPANS,
  PROTECTED_BY_LOCK,
  PROTECTED_BY_NOTHING,
  PROTECTED_BY_REF,
  PROTECTIONS,
  REF_KINDS,
  REF_SPANS,
  RMAP_SPANS,
  TYPE_REF_KINDS,
  TYPE_REF_SPANS,
  USES,
} from './facts/fact-specs.js';
export { FactStore } from './facts/fact-store.js';
export { firstMechanism, MECHANISMS, type Mechanism } from './facts/opportunity-names.js';
export {
  type Detail,
  type Doer,
  doersOf,
  type FactSpan,
  FactSpans,
  type HistoryOptions,
  type HistoryRow,
  history,
} from './history/index.js';
export {
  type ImageContents,
  loadState,
  type StateArray,
  type StateImage,
  type StatePart,
  saveState,
} from './memory/state-image.js';
export {
  domainsOf,
  type Piece,
  type PieceFilter,
  type PieceOptions,
  type PieceRange,
  type PieceSpec,
  pcpusOf,
  rangeBetween,
  rangesOfEvents,
  rangesOfTime,
  selectEvents,
  splitByFilter,
  splitTrace,
  trimTrace,
  wholeRange,
} from './pieces/index.js';
export { type Position, parseDuration, parsePosition, resolvePosition } from './position.js';
export { type OpenReplayOptions, Replay, replay } from './replay.js';
export { facts } from './replay-facts.js';
export type { CheckOptions, ReplayOptions } from './replay-options.js';
export { type ReplayTraceOptions, replayTrace } from './replay-trace.js';
export { Replayer } from './replayer.js';
export { type ContextRow, contextRows } from './rows/context-rows.js';
export { type GrantRow, grantRows } from './rows/grant-rows.js';
export { type LinuxRow, linuxRows } from './rows/linux-rows.js';
export { type LockRow, lockRows } from './rows/lock-rows.js';
export { type P2mRun, p2mRuns } from './rows/p2m-runs.js';
export { type PageRow, pageRows } from './rows/page-rows.js';
export { type PagingRow, pagingRows } from './rows/paging-rows.js';
export { type PodRow, podRows } from './rows/pod-rows.js';
export { type SharingRow, sharingRows } from './rows/sharing-rows.js';
export {
  type M2pRow,
  type M2pValue,
  m2pRows,
  type Names,
  type P2mRow,
  p2mRows,
  type StateFilter,
} from './rows/state-rows.js';
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
} from './rows/state-summary.js';
export { type EntryState, type LockHolder, type MappingRow, StateView } from './rows/state-view.js';
export { type TlbRow, tlbRows } from './rows/tlb-rows.js';
export { type ViewRow, viewRows } from './rows/view-rows.js';
export { INVALID_M2P, SHARED_M2P } from './state/m2p-state.js';
export { XenState } from './state/xen-state.js';
export type { Translation } from './tables/translation-table.js';
export {
  backToChange,
  backToMatch,
  type Explanation,
  forwardToChange,
  forwardToMatch,
  found,
  type GfnEntry,
  type Holding,
  lastWriteBefore,
  type Reason,
  type Search,
  type SubjectState,
  stateOf,
  why,
} from './travel/index.js';
