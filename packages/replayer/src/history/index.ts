/** Who caused an event: pcpu, vcpu, call site. */
export { type Doer, doersOf } from './doers.js';
/** Facts about a subject as spans. */
export { type Detail, type FactSpan, FactSpans } from './fact-spans.js';
/** What happened to a subject, in order. */
export { type HistoryOptions, type HistoryRow, history } from './history.js';
