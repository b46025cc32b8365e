export { type Doer, doersOf } from './doers.js';
export { type Detail, type FactSpan, FactSpans } from './fact-spans.js';
export { type HistoryOptions, type HistoryRow, history } from './history.js';
