import { customSchema, divergenceSchema, findingSchema, incidentSchema } from '@p2mtrace/analyzers';
import * as z from 'zod';

/** Occurrences of a finding that an audit keeps; its count is of all. */
export const KEPT_OCCURRENCES = 20;

/** What auditing one trace gave, as it is kept between audits. Nothing in it depends on the machine or its load. */
export const traceResultSchema = z.strictObject({
  version: z.literal(2),
  /** Where the trace was, as it was named. */
  path: z.string(),
  /** The trace to ask: the file itself, or what was made of a capture. */
  trace: z.string(),
  /** Why it could not be judged; null where it was. */
  problem: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  /** What was said while it was imported or read. */
  notices: z.array(z.string()),
  events: z.number(),
  /** Records that xentrace lost. */
  lost: z.number(),
  findings: z.array(findingSchema),
  incidents: z.array(incidentSchema),
  /** Where the model does not fit. */
  customs: z.array(customSchema),
  divergences: z.array(divergenceSchema),
  notChecked: z.array(z.strictObject({ rule: z.string(), reason: z.string() })),
  /** By name of `METRICS`; null where the trace does not have what it takes. */
  metrics: z.record(z.string(), z.number().nullable()),
});
export type TraceResult = z.infer<typeof traceResultSchema>;

/** What is said of a trace besides findings, where there is nothing to say. */
export const NOTHING = { incidents: [], customs: [], divergences: [] };
