import { createHash, randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { FlowProducer, Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { AuditTask } from '../audit/audit-task.js';
import type { HashedFile } from '../audit/run-audit.js';
import { version } from '../version.js';
import { AUDITS, keyOf, PREFIX, tracesQueue } from './names.js';
import { type Failure, failureOf, JOB_OPTIONS, type TraceJob } from './trace-job.js';

/** How long another audit over the same files may take from naming a flow until it is there. */
const APPEARS_MS = 10_000;
const LOOK_MS = 250;
/** Events of the queue that Redis keeps: whoever misses some looks at the jobs. */
const EVENTS = 2000;
/** What is left of an audit that never ended is removed after this. */
const FORGOTTEN_MS = 7 * 86_400_000;

/**
 * An audit in the queue: a parent, and a child for each trace. The same files with the same settings and store have the same flow,
 * so that an audit that was killed finds its own again, and two at once share one.
 */
export class AuditFlow {
  /** Of the files and settings. */
  readonly name: string;
  private readonly salt: string;
  private readonly redis: Redis;
  private readonly flows: FlowProducer;
  private readonly audits: Queue;
  private readonly traces: Queue;
  private id = '';

  private constructor(salt: string, settings: string, hashed: readonly HashedFile[], parts: Parts) {
    const files = hashed.flatMap(({ path, hash }) => (hash === null ? [] : [`${hash} ${resolve(path)}`]));
    this.name = createHash('sha256')
      .update(JSON.stringify([settings, files]))
      .digest('hex')
      .slice(0, 16);
    this.salt = salt;
    this.redis = parts.redis;
    this.flows = parts.flows;
    this.audits = parts.audits;
    this.traces = parts.traces;
  }

  /** `settings`: their name (`settingsName`). */
  static async open(salt: string, settings: string, hashed: readonly HashedFile[], redis: Redis): Promise<AuditFlow> {
    const { FlowProducer, Queue } = await import('bullmq');
    const options = { connection: redis, prefix: PREFIX };
    const parts: Parts = {
      redis,
      flows: new FlowProducer(options),
      audits: new Queue(AUDITS, options),
      traces: new Queue(tracesQueue(settings), { ...options, streams: { events: { maxLen: EVENTS } } }),
    };
    // The connections are made again, which is told of the one that `connect` made.
    parts.flows.on('error', () => undefined);
    for (const queue of [parts.audits, parts.traces]) queue.on('error', () => undefined);
    return new AuditFlow(salt, settings, hashed, parts);
  }

  /** Puts the traces into the queue, unless that flow is there. Returns whether it was. */
  async enter(tasks: readonly AuditTask[]): Promise<boolean> {
    const fresh = `${this.name}-${randomBytes(4).toString('hex')}`;
    if ((await this.redis.set(this.pointer, fresh, 'PX', FORGOTTEN_MS, 'NX')) === null) {
      this.id = (await this.redis.get(this.pointer)) ?? '';
      for (let waited = 0; waited < APPEARS_MS && this.id !== ''; waited += LOOK_MS) {
        if ((await this.parent()) !== undefined) return true;
        await pause(LOOK_MS);
      }
      // Whoever named it did not come to make it.
      await this.redis.set(this.pointer, fresh, 'PX', FORGOTTEN_MS);
    }
    this.id = fresh;
    await this.flows.add({
      name: 'audit',
      queueName: AUDITS,
      data: { version: version(), salt: this.salt, traces: tasks.length },
      opts: { jobId: fresh, removeOnComplete: true, removeOnFail: true },
      children: tasks.map(task => ({
        name: 'trace',
        queueName: this.traces.name,
        data: this.jobOf(task),
        opts: { ...JOB_OPTIONS, jobId: this.childId(task.key) },
      })),
    });
    return false;
  }

  /** How many traces are not done yet; undefined if the flow is gone: another audit ended it, or Redis lost it. */
  async unfinished(): Promise<number | undefined> {
    const parent = await this.parent();
    if (parent === undefined) return undefined;
    const { unprocessed = 0 } = await parent.getDependenciesCount({ unprocessed: true });
    return unprocessed;
  }

  /** Whether this key's job is one of this flow. */
  keyOf(jobId: string): string | undefined {
    return jobId.startsWith(`${this.id}-`) ? jobId.slice(this.id.length + 1) : undefined;
  }

  /** Why a trace has no result; undefined if its job has not failed. */
  async failure(key: string): Promise<Failure | undefined> {
    const job = await this.traces.getJob(this.childId(key));
    return job !== undefined && (await job.isFailed()) ? failureOf(job.failedReason) : undefined;
  }

  /** Forgets the flow; failed traces stay, to be looked at. */
  async end(): Promise<void> {
    const [id, parent] = [await this.redis.get(this.pointer), await this.parent()];
    if (id === this.id) await this.redis.del(this.pointer);
    await parent?.remove({ removeChildren: false }).catch(() => undefined);
  }

  /** Removes flows of which no audit came back. */
  async removeForgotten(): Promise<void> {
    const old = (job: Job | undefined) => job !== undefined && Date.now() - job.timestamp > FORGOTTEN_MS;
    for (const job of await this.audits.getJobs(['waiting-children', 'waiting'], 0, 100, true)) {
      if (old(job)) await job.remove().catch(() => undefined);
    }
  }

  private async parent(): Promise<Job | undefined> {
    return this.id === '' ? undefined : this.audits.getJob(this.id);
  }

  private childId(key: string): string {
    return `${this.id}-${key}`;
  }

  private jobOf({ path, content: hash, key }: AuditTask): TraceJob {
    return { path: resolve(path), hash, key, salt: this.salt, version: version(), crashes: 0 };
  }

  private get pointer(): string {
    return keyOf('flow', this.name);
  }
}

interface Parts {
  readonly redis: Redis;
  readonly flows: FlowProducer;
  readonly audits: Queue;
  readonly traces: Queue;
}
