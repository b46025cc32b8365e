export { backToChange, forwardToChange } from './changes.js';
export { backToMatch, forwardToMatch, found, type Search } from './search.js';
export { type GfnEntry, type Holding, type SubjectState, stateOf } from './subject-state.js';
export { type Explanation, type Reason, why } from './why.js';
