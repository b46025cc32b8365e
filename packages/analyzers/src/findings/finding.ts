import * as z from 'zod';
import { BASES } from '../rules/define-analyzer.js';
import { CONFIDENCES, SEVERITIES } from '../rules/levels.js';

/** One time that a rule fired: what it is about (frames and addresses as hex text), and the events that show it. */
export const occurrenceSchema = z.strictObject({
  subject: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
  witness: z.array(z.strictObject({ seq: z.int().nonnegative(), role: z.string() })),
});
export type Occurrence = z.infer<typeof occurrenceSchema>;

/** Out of how many events a finding's occurrences are: "37 of 20,030 references taken". */
const opportunitySchema = z.strictObject({
  times: z.int().positive(),
  /** Words that go behind the number. */
  what: z.string(),
  /** Those at the finding's own call sites, or all of the trace. */
  at: z.enum(['site', 'trace']),
});
export type Opportunity = z.infer<typeof opportunitySchema>;

/** Occurrences of one rule with one signature. */
export const findingSchema = z.strictObject({
  /** Stands for the signature. */
  id: z.string().regex(/^[0-9a-f]{8}$/),
  analyzer: z.string(),
  rule: z.string(),
  severity: z.enum(SEVERITIES),
  confidence: z.enum(CONFIDENCES),
  /** Survives a new recording: rule, classes, call sites, types; never an address or a seq. */
  signature: z.string(),
  title: z.string(),
  /** Where the rule is described; null for one of a plugin that does not say. */
  page: z.string().nullable(),
  count: z.int().positive(),
  /** How often it could have been; null where nobody counted. */
  of: opportunitySchema.nullable(),
  /** By what its opportunities were counted, as `opportunities` has it; null where the rule has no such. */
  mechanism: z.string().nullable(),
  /** What the rule's belief rests on. */
  basis: z.enum(BASES),
  /** Id of the finding that is the first cause of the incident that this one belongs to; null where it stands alone. */
  incident: z.string().nullable(),
  occurrences: z.array(occurrenceSchema),
});
export type Finding = z.infer<typeof findingSchema>;

/** A belief that the trace contradicts as a rule: the model does not fit there. */
export const customSchema = z.strictObject({
  rule: z.string(),
  mechanism: z.string().nullable(),
  basis: z.enum(BASES),
  count: z.int().positive(),
  of: z.int().positive(),
  what: z.string(),
});
export type Custom = z.infer<typeof customSchema>;

/** What explains recorded values that differ from the model's. */
export const GUESSES = ['layout', 'skew', 'hole', 'hook', 'release'] as const;
/** Recorded values of one kind that differ from the model's, with what explains most of them. */
export const divergenceSchema = z.strictObject({
  about: z.string(),
  count: z.int().positive(),
  guess: z.enum(GUESSES),
  /** How many of them the guess explains. */
  explains: z.int().nonnegative(),
  text: z.string(),
  /** What to do to be sure. */
  check: z.string(),
});
export type DivergenceKind = z.infer<typeof divergenceSchema>;

/** Findings that follow from one another, by their ids: the first cause, then what came of it. */
export const incidentSchema = z.strictObject({
  cause: z.string(),
  follows: z.array(z.string()).min(1),
  /** All of it in a sentence. */
  title: z.string(),
});
export type Incident = z.infer<typeof incidentSchema>;

export const reportSchema = z.object({
  findings: z.array(findingSchema),
  incidents: z.array(incidentSchema),
  customs: z.array(customSchema),
  divergences: z.array(divergenceSchema),
  /** Rules that this trace can't decide, and why. */
  notChecked: z.array(z.strictObject({ rule: z.string(), reason: z.string() })),
});
export type AnalysisReport = z.infer<typeof reportSchema>;
