import * as z from 'zod';
import { CONFIDENCES, SEVERITIES } from '../rules/levels.js';

/** One time that a rule fired: what it is about (frames and addresses as hex text), and the events that show it. */
export const occurrenceSchema = z.strictObject({
  subject: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
  witness: z.array(z.strictObject({ seq: z.int().nonnegative(), role: z.string() })),
});
export type Occurrence = z.infer<typeof occurrenceSchema>;

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
  occurrences: z.array(occurrenceSchema),
});
export type Finding = z.infer<typeof findingSchema>;

export const reportSchema = z.object({
  findings: z.array(findingSchema),
  /** Rules that this trace can't decide, and why. */
  notChecked: z.array(z.strictObject({ rule: z.string(), reason: z.string() })),
});
export type AnalysisReport = z.infer<typeof reportSchema>;
