import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import * as z from 'zod';

/** What must be the same for a worker to take the traces of an audit; where the store is may differ. */
const partsSchema = z.object({
  version: z.string(),
  options: z.string().refine(isObject),
  symbols: z.string(),
  plugins: z.string(),
  store: z.object({ id: z.string(), path: z.string() }),
});
export type Parts = z.infer<typeof partsSchema>;

/** Whether a text is a JSON object. */
function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** What a worker says of itself. */
export const workerSchema = z.object({
  host: z.string(),
  pid: z.number(),
  since: z.string(),
  settings: z.string(),
  parts: partsSchema,
  jobs: z.number(),
  running: z.number(),
  /** Traces that it judged, that were judged already, and of which it did not come to an end. */
  judged: z.number(),
  kept: z.number(),
  failed: z.number(),
  events: z.number(),
  /** In the last minute. */
  tracesPerMinute: z.number(),
  eventsPerSecond: z.number(),
});
export type WorkerState = z.infer<typeof workerSchema>;

/** What an audit says of itself. */
export const auditSchema = z.object({
  host: z.string(),
  pid: z.number(),
  since: z.string(),
  settings: z.string(),
  parts: partsSchema,
  flow: z.string(),
  traces: z.number(),
  done: z.number(),
});
export type AuditState = z.infer<typeof auditSchema>;

/** Who this process is, for all who use the queue. */
export const self = () => ({
  id: `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`,
  host: hostname(),
  pid: process.pid,
  since: new Date().toISOString(),
});
