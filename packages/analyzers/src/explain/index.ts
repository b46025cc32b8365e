export { confirmQuery } from './confirm-query.js';
export { type FoundOccurrence, findFinding } from './find-finding.js';
export { subjectsOf } from './finding-subjects.js';
export { type Scene, type Story, type StoryStep, storyOf, writersOf } from './story.js';
