import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { AuditSettings } from '../audit/audit-task.js';
import type { ResultStore } from '../audit/result-store.js';
import { settingsHash, settingsParts } from '../audit/settings-hash.js';
import type { TaskLimits } from '../audit/worker-process.js';
import { connect, disconnect } from './connect.js';
import { PREFIX, settingsName, tracesQueue } from './names.js';
import type { QueueAddress } from './queue-address.js';
import { isForGood, onQueue, queueError, replyText, replyWord } from './queue-error.js';
import { failureOf, type TraceJob } from './trace-job.js';
import { TraceWorker } from './trace-worker.js';
import type { WorkerCounts } from './worker-counts.js';
import { WorkerPresence } from './worker-presence.js';

export interface WorkerOptions {
  readonly address: QueueAddress;
  readonly settings: AuditSettings;
  readonly store: ResultStore;
  /** Traces at once. */
  readonly jobs: number;
  readonly limits: TaskLimits;
  /** Milliseconds without a sign of a worker after which another takes its traces. */
  readonly stalled: number;
  readonly counts: WorkerCounts;
  readonly tell: (text: string) => void;
}

/** Why a worker left. */
export type Leaving = { readonly why: 'asked' | 'hurried' } | { readonly why: 'unfit'; readonly what: string };

/** How long a worker tells Redis what it leaves, where Redis does not answer. */
const HURRY_MS = 3000;
const LOOK_MS = 200;
/** The same at a second signal. */
const SECOND_MS = 1000;
/** How long the last words may take. */
const EXIT_MS = 500;
/** A job that could not be handed in is tried again after this. */
const RETRY_MS = 2000;
/** Errors of the queue that are told: some have the name of a job. */
const MOST_TOLD = 100;

/**
 * Takes traces from the queue until a signal comes: then finishes those at hand and leaves. At a second signal it leaves
 * them to others.
 * @throws P2mError P2M_QUEUE, P2M_STORE, P2M_PLUGIN, P2M_PLUGIN_OPTION, P2M_CONFIG (usage)
 */
export async function runWorker(options: WorkerOptions): Promise<Leaving> {
  const { address, settings, store, jobs, stalled, counts, tell } = options;
  const salt = await settingsHash(settings);
  await store.checkWritable();
  const parts = { ...(await settingsParts(settings)), store: await store.identity() };
  const name = settingsName(salt, parts.store.id);
  store.removeLeftovers();
  const redis = await connect(address, tell);
  const presence = new WorkerPresence(redis, { settings: name, parts, jobs }, counts, tell);
  const leaving = new Deferred<Leaving>();
  const tracer = new TraceWorker({ ...options, salt, onUnfit: what => leaving.resolve({ why: 'unfit', what }) });
  const worker = new Worker<TraceJob>(tracesQueue(name), tracer.process, {
    connection: redis,
    prefix: PREFIX,
    concurrency: jobs,
    lockDuration: stalled,
    stalledInterval: stalled,
    // Of a trace that is left twice, it is taken to be the cause.
    maxStalledCount: 1,
    runRetryDelay: RETRY_MS,
  });
  const told = new Set<string>();
  worker.on('error', error => {
    if (isForGood(error)) leaving.reject(queueError(error, address.name));
    if (isLostConnection(error)) return;
    const text = replyWord(error) === undefined ? error.message : `Redis refuses a command: ${replyText(error)}`;
    if (told.has(text) || told.size === MOST_TOLD) return;
    told.add(text);
    tell(text);
  });
  worker.on('failed', (job, error) => tell(`${job?.data?.path ?? 'a trace'} was not judged: ${reasonOf(error)}`));
  worker.on('stalled', id => tell(`job ${id} was left by its worker, and is taken over`));
  const ask = () => leaving.resolve({ why: 'asked' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, ask);
  let isClosed = false;
  try {
    await onQueue(address.name, () => presence.start());
    const why = await leaving.promise;
    for (const signal of signals) process.off(signal, ask);
    if (why.why === 'asked') tell(counts.running === 0 ? 'leaving' : 'leaving once what it works on is done');
    const hurry = new Deferred<Leaving>();
    for (const signal of signals) process.once(signal, () => hurry.resolve({ why: 'hurried' }));
    const closed = worker.close().then(() => {
      isClosed = true;
    });
    const cutOff = untilCutOff(redis, counts).then(() => why);
    const how = await Promise.race([closed.then(() => why), cutOff, hurry.promise]);
    tracer.end();
    if (how.why === 'hurried') await Promise.race([closed, pause(SECOND_MS, undefined, { ref: false })]);
    return how;
  } finally {
    tracer.end();
    await presence.leave();
    disconnect(redis);
    // BullMQ goes on trying to hand in what it could not.
    if (!isClosed) setTimeout(() => leaveNow(counts), EXIT_MS).unref();
  }
}

/** What still runs once its processes are gone is a file that does not come: Node's exit would wait for it. */
function leaveNow({ running }: WorkerCounts): void {
  if (running > 0) process.kill(process.pid, 'SIGKILL');
  process.exit();
}

/** Nothing is in work, and Redis can't be told: whoever takes over finds the results in the store. */
async function untilCutOff(redis: Redis, counts: WorkerCounts): Promise<void> {
  for (let waited = 0; waited < HURRY_MS; waited += LOOK_MS) {
    await pause(LOOK_MS, undefined, { ref: false });
    if (counts.running > 0 || redis.status === 'ready') waited = 0;
  }
}

/** It is told by `connect`. */
const isLostConnection = (error: Error): boolean =>
  'syscall' in error || /^(Connection is closed|Socket timeout|(connect|read|write) E[A-Z]+)/.test(error.message);

/** What a job of ours says, without the form that it is kept in. */
function reasonOf({ message }: Error): string {
  const { code, message: what } = failureOf(message);
  return `${code}: ${what}`;
}

class Deferred<T> {
  readonly promise: Promise<T>;
  resolve: (value: T) => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // It may come before anybody waits.
    this.promise.catch(() => undefined);
  }
}
