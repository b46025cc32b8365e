/** Call sites of events. */
export { SYMBOL_SITES } from './batch/call-site.js';
/** Events of a batch, as a replay reads them. */
export { FACT_COLUMNS, type ReplayBatch, STATE_COLUMNS } from './batch/replay-batch.js';
/** Checkpoints beside a trace. */
export { checkpointPath } from './checkpoints/checkpoints.js';
/** Tells one trace from another. */
export { traceIdentity } from './checkpoints/trace-identity.js';
/** The checks that a replay runs. */
export { sharesOf } from './checks/chosen-checks.js';
/** What differs between two states. */
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
/** Finds events by expression or subject. */
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
/** What checks find: rules, the roles of their witnesses, their cases. */
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
/** How fact tables are described. */
export type { FactArray, FactColumnSpec, FactColumns, FactSpec, FactType } from './facts/fact-columns.js';
/** Takes facts as they become complete. */
export type { ChunkOf, FactChunk, FactSelection, FactSink } from './facts/fact-sink.js';
/** The fact tables. */
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
  LOCK_CYCLES,
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
/** Keeps facts in memory. */
export { FactStore } from './facts/fact-store.js';
/** Mechanisms of rules. */
export { firstMechanism, MECHANISMS, type Mechanism } from './facts/opportunity-names.js';
/** What happened to a gfn, mfn, lock or domain, and who did it. */
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
/** Replays a stream while it comes. */
export {
  feedTrace,
  joinPieces,
  type KeptPiece,
  type LiveOrder,
  type LivePage,
  LiveReplay,
  type LiveReplayOptions,
  type LiveRows,
  pieceBlock,
  RollingPiece,
} from './live/index.js';
/** Saves and loads a state. */
export {
  type ImageContents,
  loadState,
  type StateArray,
  type StateImage,
  type StatePart,
  saveState,
} from './memory/state-image.js';
/** Cuts a trace into pieces that replay by themselves. */
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
/** Positions in a trace, as people write them. */
export {
  firstTsc,
  firstTscOf,
  type Position,
  parseDate,
  parseDuration,
  parsePosition,
  resolvePosition,
} from './position.js';
/** Stands at any event of a trace. */
export { type OpenReplayOptions, Replay, replay } from './replay.js';
/** Iterates over the facts of a trace. */
export { facts } from './replay-facts.js';
/** What a replay records and checks. */
export type { CheckOptions, ReplayOptions } from './replay-options.js';
/** Replays a trace from its start. */
export { type ReplayTraceOptions, replayTrace } from './replay-trace.js';
/** Applies events to the state. */
export { Replayer } from './replayer.js';
/** What runs on each pcpu, as rows. */
export { type ContextRow, contextRows } from './rows/context-rows.js';
/** Maps of frames. */
export {
  CELL_FREE,
  CELL_NOBODY,
  CELL_VALUES,
  CellMemory,
  type CellRequest,
  type CellValue,
  type Extent,
  type FrameCells,
  p2mCells,
  p2mExtent,
  pageCells,
  pageExtent,
  TILE_CELLS,
} from './rows/frame-cells.js';
/** Grant mappings as rows. */
export { type GrantRow, grantRows } from './rows/grant-rows.js';
/** Linux's own p2m and overrides as rows. */
export { type LinuxRow, linuxRows } from './rows/linux-rows.js';
/** Held locks as rows. */
export { type LockRow, lockRows } from './rows/lock-rows.js';
/** Entries that follow one another, as runs. */
export { type P2mRun, p2mRuns } from './rows/p2m-runs.js';
/** page_info as rows. */
export { type PageRow, pageRows } from './rows/page-rows.js';
/** Paging as rows. */
export { type PagingRow, pagingRows } from './rows/paging-rows.js';
/** Populate-on-demand as rows. */
export { type PodRow, podRows } from './rows/pod-rows.js';
/** Reverse maps of shared frames as rows. */
export { type SharingRow, sharingRows } from './rows/sharing-rows.js';
/** Entries of p2m and M2P as rows. */
export {
  type M2pRow,
  type M2pValue,
  m2pRows,
  type Names,
  type P2mRow,
  p2mRows,
  type StateFilter,
} from './rows/state-rows.js';
/** The state in numbers, with divergences and losses. */
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
/** Typed, read-only access to a state. */
export { type EntryState, type LockHolder, type MappingRow, StateView } from './rows/state-view.js';
/** Deferred flushes as rows. */
export { type TlbRow, tlbRows } from './rows/tlb-rows.js';
/** altp2m views as rows. */
export { type ViewRow, viewRows } from './rows/view-rows.js';
/** Values of the M2P that are no gfn. */
export { INVALID_M2P, SHARED_M2P } from './state/m2p-state.js';
/** The state of the hypervisor at one event. */
export { XenState } from './state/xen-state.js';
/** What a pcpu has looked up and not put. */
export { MAX_HELD } from './tables/lock-table.js';
export type { Translation } from './tables/translation-table.js';
/** Moves to where something changed, and tells why. */
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
/** Recorded critical sections under other lock designs. */
export {
  type BlamedPair,
  type Deadlock,
  type DeadlockMember,
  type DesignChoice,
  DISCIPLINES,
  type Discipline,
  FAIRNESS,
  type Fairness,
  FOREIGN,
  type Foreign,
  GRANULARITIES,
  type Granularity,
  LOCK_BYTES,
  type LockDesign,
  type LockMemory,
  lockDesigns,
  MAPPING,
  MAX_PCPUS,
  OVERLAYS,
  type OverlayKind,
  type Refusals,
  type SectionCounts,
  type SectionRun,
  UPGRADES,
  type Upgrade,
  type Waits,
  type WhatIf,
  type WhatIfOptions,
  type WhatIfRow,
  whatIf,
  whatIfOnThreads,
} from './whatif/index.js';
