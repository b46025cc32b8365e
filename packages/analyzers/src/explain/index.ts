/** A rule's query with the values of one finding. */
export { confirmQuery } from './confirm-query.js';
/** A finding by its id, signature or beginning. */
export { type FoundOccurrence, findFinding } from './find-finding.js';
/** What a finding is about. */
export { subjectsOf } from './finding-subjects.js';
/** How a finding came about. */
export { type Scene, type Story, type StoryStep, storyOf, writersOf } from './story.js';
