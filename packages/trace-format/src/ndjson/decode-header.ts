import type * as z from 'zod';
import { suggestion } from '../suggestion.js';
import {
  HEADER_FIELDS,
  HEADER_KEY,
  type HeaderField,
  headerSchema,
  NDJSON_VERSION,
  type NdjsonHeader,
} from './header-schema.js';
import { oneOf, refusal, shown } from './refusal.js';

/** True for the object of a header line. */
export function isHeader(object: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(object, HEADER_KEY);
}

/** Checks the object of a header line; the inverse of encodeHeader. @throws P2mError P2M_NDJSON */
export function decodeHeader(object: Readonly<Record<string, unknown>>): NdjsonHeader {
  if (object[HEADER_KEY] !== NDJSON_VERSION) {
    throw refusal(`${HEADER_KEY} is ${shown(object[HEADER_KEY])}; expected ${NDJSON_VERSION}`, HEADER_KEY);
  }
  // null is the same as absent, here as in events.
  const given = Object.entries(object).filter(([name, value]) => name !== HEADER_KEY && value !== null);
  const unknown = given.find(([name]) => !HEADER_FIELDS.includes(name as HeaderField));
  if (unknown !== undefined) {
    const near = suggestion(unknown[0], HEADER_FIELDS);
    throw refusal(
      `${shown(unknown[0])} is no field of the header${near || '.'} Allowed: ${HEADER_FIELDS.join(', ')}`,
      unknown[0],
    );
  }
  const result = headerSchema().safeParse(Object.fromEntries(given));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const [field] = issue.path;
  const value = issue.path.reduce<unknown>((part, key) => (part as Record<PropertyKey, unknown>)[key], object);
  throw refusal(`${issue.path.join('.')} is ${shown(value)}; expected ${expectation(issue, value)}`, String(field));
}

/** What a zod issue expected, in plain words. */
function expectation(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_value':
      return oneOf(value, issue.values.map(String));
    case 'invalid_type':
      return (
        { int: 'an integer', number: 'a number', string: 'a string', array: 'an array' }[issue.expected as string] ??
        issue.expected
      );
    case 'too_small':
      return `a number ${issue.inclusive === true ? 'from' : 'above'} ${issue.minimum}${issue.inclusive === true ? ' on' : ''}`;
    default:
      return issue.message;
  }
}
