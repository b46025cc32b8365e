/** Moves to where a subject changed. */
export { backToChange, forwardToChange } from './changes.js';
/** The last event before another that wrote a subject. */
export { lastWriteBefore } from './last-write.js';
/** An event's part in how a value came about. */
export type { Reason } from './reasons.js';
/** Moves to where a condition holds. */
export { backToMatch, forwardToMatch, found, type Search } from './search.js';
/** The state of one subject. */
export { type GfnEntry, type Holding, type SubjectState, stateOf } from './subject-state.js';
/** The chain of events behind a state. */
export { type Explanation, why } from './why.js';
