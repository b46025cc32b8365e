import { setTimeout as pause } from 'node:timers/promises';
import { P2mError, usageError } from '@p2mtrace/trace-format/errors';
import type { AuditSettings, TaskEnd } from '../audit/audit-task.js';
import type { ResultStore } from '../audit/result-store.js';
import type { HashedFile, OnResult, QueuedTask } from '../audit/run-audit.js';
import { settingsParts } from '../audit/settings-hash.js';
import { failed, type TraceResult } from '../audit/trace-result.js';
import { AuditFlow } from './audit-flow.js';
import { AuditPresence } from './audit-presence.js';
import { connect, disconnect } from './connect.js';
import { PREFIX, settingsName, tracesQueue } from './names.js';
import type { QueueAddress } from './queue-address.js';
import type { Failure } from './trace-job.js';

/** Milliseconds between two looks at how far it is. */
const LOOK_MS = 500;
/** How long it may take to take leave where Redis does not answer. */
const LEAVE_MS = 1000;
/** How often traces of which nothing was heard are put into the queue again. */
const ROUNDS = 5;

export interface QueueOptions {
  readonly address: QueueAddress;
  readonly store: ResultStore;
  readonly settings: AuditSettings;
  /** Milliseconds to wait without a worker that takes the traces; 0 for no limit. */
  readonly workerWait: number;
  readonly onProgress: (done: number, of: number) => void;
  readonly onResult: OnResult | undefined;
  readonly tell: (text: string) => void;
}

/**
 * Has tasks judged by workers elsewhere, and waits for that. Results come from the store; through Redis comes only why
 * there is none.
 * @throws P2mError P2M_QUEUE, P2M_NO_WORKER, P2M_INTERRUPTED (usage)
 */
export async function judgeByQueue(
  tasks: readonly QueuedTask[],
  salt: string,
  hashed: readonly HashedFile[],
  options: QueueOptions,
): Promise<TaskEnd[]> {
  const { address, onProgress, tell } = options;
  onProgress(0, tasks.length);
  if (tasks.length === 0) return [];
  const signals = new Signals();
  const redis = await connect(address, tell);
  const flow = await AuditFlow.open(salt, hashed, redis);
  const { QueueEvents } = await import('bullmq');
  const listener = redis.duplicate();
  const events = new QueueEvents(tracesQueue(settingsName(salt)), { connection: listener, prefix: PREFIX });
  const presence = new AuditPresence(redis, {
    settings: settingsName(salt),
    parts: await settingsParts(options.settings),
    flow: flow.name,
    traces: tasks.length,
  });
  try {
    const waiting = new Waiting(tasks, options);
    events.on('error', () => undefined);
    events.on('completed', ({ jobId, returnvalue }) => void waiting.take(flow.keyOf(jobId), Number(returnvalue)));
    await signals.race(events.waitUntilReady());
    await flow.removeForgotten();
    for (let round = 0; round < ROUNDS && waiting.size > 0; round++) {
      await signals.race(presence.say(waiting.done));
      const left = waiting.tasks;
      const wasThere = await signals.race(flow.enter(left));
      if (wasThere) tell('these traces are in the queue already: waiting for them');
      await waitFor(flow, waiting, presence, signals, options);
      await waiting.sweep(key => flow.failure(key));
      if (waiting.size > 0) await flow.end();
    }
    if (waiting.size > 0) {
      throw new P2mError(
        'P2M_QUEUE',
        `${waiting.size} traces were lost from the queue at ${address.name}, each ${ROUNDS} times`,
        {
          blame: 'usage',
          remedy: 'have Redis keep what it was told (appendonly yes, maxmemory-policy noeviction)',
        },
      );
    }
    await presence.leave();
    if (!(await presence.isShared(flow.name))) await flow.end();
    return waiting.ends;
  } finally {
    signals.off();
    await Promise.race([presence.close(), pause(LEAVE_MS, undefined, { ref: false })]).catch(() => undefined);
    void events.close().catch(() => undefined);
    disconnect(listener);
    disconnect(redis);
  }
}

/** Returns when nothing of the flow is open, or it is gone. */
async function waitFor(
  flow: AuditFlow,
  waiting: Waiting,
  presence: AuditPresence,
  signals: Signals,
  { address, workerWait, onProgress, tell }: QueueOptions,
): Promise<void> {
  const total = waiting.total;
  const lonely = new Lonely(workerWait, address.name, tell);
  while (waiting.size > 0) {
    const open = await signals.race(flow.unfinished());
    if (open === undefined || open === 0) return;
    onProgress(Math.max(waiting.done, total - open), total);
    await signals.race(presence.sayInTime(waiting.done));
    lonely.check(await signals.race(presence.workersInTime()));
    await signals.race(pause(LOOK_MS));
  }
}

/** Tasks without an end yet, and the ends of the others. */
class Waiting {
  readonly ends: TaskEnd[] = [];
  readonly total: number;
  private readonly open: Map<string, QueuedTask>;
  private readonly options: QueueOptions;

  constructor(tasks: readonly QueuedTask[], options: QueueOptions) {
    this.open = new Map(tasks.map(task => [task.key, task]));
    this.total = tasks.length;
    this.options = options;
  }

  get size(): number {
    return this.open.size;
  }

  get done(): number {
    return this.total - this.open.size;
  }

  get tasks(): readonly QueuedTask[] {
    return [...this.open.values()];
  }

  /** Takes the result of a key from the store, if there is one. */
  async take(key: string | undefined, took?: number): Promise<boolean> {
    if (key === undefined || !this.open.has(key)) return false;
    const result = await this.options.store.read(key);
    if (result === undefined) return false;
    this.end(key, result, true, took);
    return true;
  }

  /** Takes all that there is, and of the others why there is nothing. */
  async sweep(failure: (key: string) => Promise<Failure | undefined>): Promise<void> {
    for (const { key, path } of this.tasks) {
      if (await this.take(key)) continue;
      const why = await failure(key);
      if (why === undefined) continue;
      const { code, message, notices } = why;
      this.end(key, failed(path, { code, message }, notices), false);
    }
  }

  private end(key: string, result: TraceResult, lasting: boolean, took?: number): void {
    // It may have come in two ways meanwhile.
    if (!this.open.delete(key)) return;
    this.ends.push({ key, result, lasting });
    this.options.onResult?.(result, took);
    this.options.onProgress(this.done, this.total);
  }
}

/** Tells when no worker takes the traces, and gives up in the end. */
class Lonely {
  private since: number | undefined;
  private told = '';
  private readonly wait: number;
  private readonly name: string;
  private readonly tell: (text: string) => void;

  constructor(wait: number, name: string, tell: (text: string) => void) {
    this.wait = wait;
    this.name = name;
    this.tell = tell;
  }

  /** @throws P2mError P2M_NO_WORKER (usage) */
  check(workers: { readonly fits: number; readonly refusals: readonly string[] } | undefined): void {
    if (workers === undefined) return;
    const { fits, refusals } = workers;
    const why = refusals.length === 0 ? 'there is none' : refusals.join('. ');
    if (fits > 0) {
      this.since = undefined;
      if (refusals.length > 0 && this.told !== why) this.tell(`not all workers take the traces. ${why}`);
      this.told = why;
      return;
    }
    this.since ??= Date.now();
    const waited = Date.now() - this.since;
    if (this.wait > 0 && waited >= this.wait) {
      throw usageError(
        'P2M_NO_WORKER',
        `no worker at ${this.name} takes the traces: ${why}`,
        'start p2mtrace worker with the version, options and plugins of the audit; the traces stay in the queue',
      );
    }
    if (this.told !== why) this.tell(`waiting for a worker that takes the traces: ${why}`);
    this.told = why;
  }
}

/** Signals that end the wait. Workers go on: the next audit finds what they did. */
class Signals {
  private readonly stop: () => void;
  private readonly stopped: Promise<never>;

  constructor() {
    let reject: (error: Error) => void = () => undefined;
    this.stopped = new Promise((_, no) => {
      reject = no;
    });
    this.stopped.catch(() => undefined);
    this.stop = () =>
      reject(usageError('P2M_INTERRUPTED', 'the audit was interrupted', 'run it again: workers go on meanwhile'));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, this.stop);
  }

  /** @throws P2mError P2M_INTERRUPTED (usage), or what the work throws */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.stopped]);
  }

  off(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, this.stop);
  }
}
