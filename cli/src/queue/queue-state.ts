import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { PREFIX, tracesQueue } from './names.js';
import { Registry } from './registry.js';
import { failureOf, type TraceJob } from './trace-job.js';
import { type AuditState, auditSchema, type WorkerState, workerSchema } from './who.js';

/** Failed traces that are shown. */
const SHOWN = 20;

/** Traces that are to be judged with the same version, options and plugins. */
interface TracesState {
  readonly settings: string;
  readonly version: string;
  readonly workers: number;
  readonly waiting: number;
  /** That wait for another try. */
  readonly delayed: number;
  readonly running: number;
  readonly failed: number;
  readonly tracesPerMinute: number;
  readonly eventsPerSecond: number;
  /** Seconds until all is done at this speed; null if nothing moves, or nothing is left. */
  readonly secondsLeft: number | null;
}

export interface QueueState {
  readonly traces: readonly TracesState[];
  readonly audits: readonly AuditState[];
  readonly workers: readonly WorkerState[];
  /** The last ones. */
  readonly failures: readonly {
    readonly path: string;
    readonly code: string;
    readonly message: string;
    readonly tries: number;
    readonly at: string;
  }[];
}

/** What waits, runs and failed, who is there, and how fast it goes. */
export async function queueState(redis: Redis): Promise<QueueState> {
  const workers = [...(await new Registry(redis, 'workers', workerSchema).list()).values()];
  const audits = [...(await new Registry(redis, 'audits', auditSchema).list()).values()];
  const traces: TracesState[] = [];
  const failures: QueueState['failures'][number][] = [];
  for (const settings of await knownSettings(redis)) {
    const queue = new Queue<TraceJob>(tracesQueue(settings), { connection: redis, prefix: PREFIX });
    queue.on('error', () => undefined);
    const counts = await queue.getJobCounts('waiting', 'delayed', 'active', 'failed');
    const own = workers.filter(one => one.settings === settings);
    const jobs = await queue.getJobs(['failed', 'waiting', 'active', 'delayed'], 0, SHOWN - 1);
    const version = own[0]?.parts.version ?? textOf(jobs[0]?.data?.version);
    for (const job of await queue.getJobs('failed', 0, SHOWN - 1)) {
      const { code, message } = failureOf(job.failedReason);
      const at = new Date(job.finishedOn ?? job.timestamp).toISOString();
      failures.push({ path: textOf(job.data?.path) ?? `job ${job.id}`, code, message, tries: job.attemptsMade, at });
    }
    const open = counts.waiting + counts.delayed + counts.active;
    if (open + counts.failed + own.length === 0) continue;
    const sum = (of: 'tracesPerMinute' | 'eventsPerSecond') => own.reduce((total, one) => total + one[of], 0);
    const speed = sum('tracesPerMinute');
    traces.push({
      settings,
      version: version ?? 'unknown',
      workers: own.length,
      waiting: counts.waiting,
      delayed: counts.delayed,
      running: counts.active,
      failed: counts.failed,
      tracesPerMinute: speed,
      eventsPerSecond: sum('eventsPerSecond'),
      secondsLeft: open === 0 || speed === 0 ? null : Math.round((60 * open) / speed),
    });
  }
  return { traces, audits, workers, failures: failures.sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, SHOWN) };
}

/** What others put in may be anything. */
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Settings of which there are, or were, traces. */
async function knownSettings(redis: Redis): Promise<string[]> {
  const start = `${PREFIX}:${tracesQueue('')}`;
  const found = new Set<string>();
  for (let cursor = '0', first = true; first || cursor !== '0'; first = false) {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${start}*:meta`, 'COUNT', 1000);
    cursor = next;
    for (const key of keys) found.add(key.slice(start.length, -':meta'.length));
  }
  return [...found].sort();
}
