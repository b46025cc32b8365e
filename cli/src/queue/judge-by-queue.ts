import { setTimeout as pause } from 'node:timers/promises';
import { P2mError } from '@p2mtrace/trace-format/errors';
import type { AuditSettings, AuditTask, TaskEnd } from '../audit/audit-task.js';
import type { ResultStore } from '../audit/result-store.js';
import type { HashedFile, OnResult } from '../audit/run-audit.js';
import { settingsParts } from '../audit/settings-hash.js';
import { AuditFlow } from './audit-flow.js';
import { AuditPresence } from './audit-presence.js';
import { connect, disconnect } from './connect.js';
import { LonelyAudit } from './lonely-audit.js';
import { PREFIX, settingsName, tracesQueue } from './names.js';
import { Patience } from './patience.js';
import type { QueueAddress } from './queue-address.js';
import { onQueue } from './queue-error.js';
import { WaitSignals } from './wait-signals.js';
import { WaitingTasks } from './waiting-tasks.js';

/** Milliseconds between two looks at how far it is. */
const LOOK_MS = 500;
/** How often, a second apart, it is looked for results that a store does not show at once. */
const LOOKS = 20;
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
  tasks: readonly AuditTask[],
  salt: string,
  hashed: readonly HashedFile[],
  options: QueueOptions,
): Promise<TaskEnd[]> {
  options.onProgress(0, tasks.length);
  if (tasks.length === 0) return [];
  return onQueue(options.address.name, () => judge(tasks, salt, hashed, options));
}

async function judge(
  tasks: readonly AuditTask[],
  salt: string,
  hashed: readonly HashedFile[],
  options: QueueOptions,
): Promise<TaskEnd[]> {
  const { address, store, tell } = options;
  const parts = { ...(await settingsParts(options.settings)), store: await store.identity() };
  const settings = settingsName(salt, parts.store.id);
  const redis = await connect(address, tell);
  const signals = new WaitSignals();
  const patience = new Patience(signals, address.name, tell);
  const flow = await AuditFlow.open(salt, settings, hashed, redis);
  const { QueueEvents } = await import('bullmq');
  const events = new QueueEvents(tracesQueue(settings), { connection: redis, prefix: PREFIX });
  const presence = new AuditPresence(redis, {
    settings,
    parts,
    flow: flow.name,
    traces: tasks.length,
  });
  try {
    const waiting = new WaitingTasks(tasks, options);
    events.on('error', () => undefined);
    events.on('completed', ({ jobId, returnvalue }) => void waiting.take(flow.keyOf(jobId), Number(returnvalue)));
    await signals.race(events.waitUntilReady());
    await flow.removeForgotten();
    for (let round = 0; round < ROUNDS && waiting.size > 0; round++) {
      const enter = async () => {
        await presence.say(waiting.done);
        return flow.enter(waiting.tasks);
      };
      // At first, what Redis refuses is told at once.
      const wasThere = await (round === 0 ? signals.race(enter()) : patience.with(enter));
      if (wasThere) tell('these traces are in the queue already: waiting for them');
      const isGone = await waitFor(flow, waiting, presence, patience, options);
      for (let look = 0; look === 0 || (look < LOOKS && waiting.size > 0 && !isGone); look++) {
        if (look > 0) await signals.race(pause(1000));
        store.refresh();
        await patience.with(() => waiting.sweep(key => flow.failure(key)));
      }
      if (waiting.size > 0) await patience.with(() => flow.end());
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
    // All is there: that Redis does not answer any more does not matter.
    await atMost(LEAVE_MS, leave(presence, flow));
    return waiting.ends;
  } finally {
    signals.off();
    await atMost(LEAVE_MS, presence.leave());
    void events.close().catch(() => undefined);
    disconnect(redis);
  }
}

/** What is left of a flow that another audit waits for is for that one to remove. */
async function leave(presence: AuditPresence, flow: AuditFlow): Promise<void> {
  await presence.leave();
  if (!(await presence.isShared(flow.name))) await flow.end();
}

async function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
  await Promise.race([work, pause(milliseconds, undefined, { ref: false })]).catch(() => undefined);
}

/** Returns when nothing of the flow is open; true if it is gone: another audit ended it, or Redis lost it. */
async function waitFor(
  flow: AuditFlow,
  waiting: WaitingTasks,
  presence: AuditPresence,
  patience: Patience,
  { address, workerWait, onProgress, tell }: QueueOptions,
): Promise<boolean> {
  const total = waiting.total;
  const lonely = new LonelyAudit(workerWait, address.name, tell);
  while (waiting.size > 0) {
    const open = await patience.with(() => flow.unfinished());
    if (open === undefined || open === 0) return open === undefined;
    onProgress(Math.max(waiting.done, total - open), total);
    await patience.with(() => presence.sayInTime(waiting.done));
    lonely.check(await patience.with(() => presence.workersInTime()));
    await patience.with(() => pause(LOOK_MS));
  }
  return false;
}
