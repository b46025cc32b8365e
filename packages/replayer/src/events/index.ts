/** Events that a condition chooses. */
export { type EventFilter, firstMatch, matchingEvents, type SeqRange } from './event-filter.js';
/** One event with all its fields. */
export { EventReader, type TraceEvent } from './event-reader.js';
/** Conditions as people write them. */
export { parseExpression } from './parse-expression.js';
/** Subjects as people write them: a gfn, mfn, lock or domain. */
export { parseSubject, SUBJECTS, type Subject, subjectText, viewIndex } from './subject.js';
/** Events about a subject. */
export { eventsTouching, touching } from './touching.js';
