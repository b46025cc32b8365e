export { type EventFilter, firstMatch, matchingEvents, type SeqRange } from './event-filter.js';
export { EventReader, type TraceEvent } from './event-reader.js';
export { parseExpression } from './parse-expression.js';
export { parseSubject, SUBJECTS, type Subject, subjectText, viewIndex } from './subject.js';
export { eventsTouching, touching } from './touching.js';
