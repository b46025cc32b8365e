export type { StateChange, Values } from './state-change.js';
export { DIFF_TABLES, type DiffOptions, type DiffTable, diffStates } from './state-diff.js';
export { type ChangeSummary, summarize } from './summarize.js';
