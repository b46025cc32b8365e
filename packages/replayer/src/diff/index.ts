/** One row that differs. */
export type { StateChange, Values } from './state-change.js';
/** All rows that differ, table by table. */
export { DIFF_TABLES, type DiffOptions, type DiffTable, diffStates } from './state-diff.js';
/** The differences in numbers. */
export { type ChangeSummary, summarize } from './summarize.js';
