import { customSchema, divergenceSchema, findingSchema, incidentSchema } from '@p2mtrace/analyzers';
import * as z from 'zod';

/** Occurrences of a finding that an audit stores; its count covers all. */
export const KEPT_OCCURRENCES = 20;

/** Result of auditing one trace, as stored between audits. Nothing in it depends on the machine or its load. */
export const traceResultSchema = z.strictObject({
  version: z.literal(2),
  /** The path of the trace, as given. */
  path: z.string(),
  /** The trace to open: the file itself, or the one made from a capture. */
  trace: z.string(),
  /** Why it could not be judged; null if it was. */
  problem: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  /** Messages from importing or reading it. */
  notices: z.array(z.string()),
  /** What --strict does not accept: what was lost, is unknown or was guessed. */
  doubts: z.array(z.string()),
  events: z.number(),
  /** Number of records that xentrace lost. */
  lost: z.number(),
  findings: z.array(findingSchema),
  incidents: z.array(incidentSchema),
  /** Where the model does not fit. */
  customs: z.array(customSchema),
  divergences: z.array(divergenceSchema),
  notChecked: z.array(z.strictObject({ rule: z.string(), reason: z.string() })),
  /** By name in `METRICS`; null if the trace lacks the events. */
  metrics: z.record(z.string(), z.number().nullable()),
});
export type TraceResult = z.infer<typeof traceResultSchema>;

/** The parts of a result besides findings, when they are empty. */
const NOTHING = { findings: [], incidents: [], customs: [], divergences: [], notChecked: [], metrics: {} };

/** The result of what could not be judged. */
export function failed(path: string, problem: TraceResult['problem'], notices: readonly string[] = []): TraceResult {
  return { version: 2, path, trace: path, problem, notices: [...notices], doubts: [], events: 0, lost: 0, ...NOTHING };
}
