export * from './fact-specs.js';
export * from './fact-table.js';
export { FACT_COLUMNS, INVALID_M2P, SHARED_M2P, Replayer, type ReplayOptions, STATE_COLUMNS } from './replayer.js';
export { replayTrace, type ReplayTraceOptions } from './replay-trace.js';
