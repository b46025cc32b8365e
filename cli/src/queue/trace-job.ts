import type { JobsOptions } from 'bullmq';
import * as z from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What a worker is told of a trace. Results do not go this way. */
export const jobSchema = z.object({
  /** Where the file is, on storage that worker and audit both see. */
  path: z.string(),
  /** SHA-256 of its content in hex: at that path a worker may find another file. */
  hash: sha256,
  /** What its result is kept by (`resultKey`): a name in the store. */
  key: z.string().regex(/^[0-9a-f]{32}$/),
  /** Hash of version, options, plugins and symbols. */
  salt: sha256,
  version: z.string(),
  /** How often the process that judged it ended before it did. */
  crashes: z.number(),
});
export type TraceJob = z.infer<typeof jobSchema>;

const failureSchema = z.object({ code: z.string(), message: z.string(), notices: z.array(z.string()) });
/** Why a trace has no result. */
export type Failure = z.infer<typeof failureSchema>;

const DAY_S = 86_400;
/** Tries of what may pass, such as a file that is still written. */
const TRIES = 3;
const FIRST_PAUSE_MS = 1000;

export const JOB_OPTIONS: JobsOptions = {
  attempts: TRIES,
  backoff: { type: 'exponential', delay: FIRST_PAUSE_MS, jitter: 0.3 },
  removeOnComplete: true,
  // To be looked at. No bound on how many: the audit asks all of them why there is no result.
  removeOnFail: { age: DAY_S },
  ignoreDependencyOnFailure: true,
  stackTraceLimit: 0,
};

/** A failure as the text that BullMQ keeps. */
export const failureText = (failure: Failure): string => JSON.stringify(failure);

/** What a failed job says; BullMQ has reasons of its own. */
export function failureOf(text: string | undefined): Failure {
  const other = (code: string, message: string): Failure => ({ code, message, notices: [] });
  if (text === undefined || text === '') return other('P2M_WORKER', 'its job is gone from the queue');
  if (text.includes('stalled more than')) return other('P2M_WORKER', 'the worker that judged it died, twice');
  try {
    return failureSchema.parse(JSON.parse(text));
  } catch {
    return other('P2M_WORKER', `its job failed: ${text}`);
  }
}
