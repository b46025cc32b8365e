export { backToChange, forwardToChange } from './changes.js';
export { lastWriteBefore } from './last-write.js';
export type { Reason } from './reasons.js';
export { backToMatch, forwardToMatch, found, type Search } from './search.js';
export { type GfnEntry, type Holding, type SubjectState, stateOf } from './subject-state.js';
export { type Explanation, why } from './why.js';
