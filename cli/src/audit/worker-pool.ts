import { usageError } from '@p2mtrace/trace-format/errors';
import type { AuditTask, TaskEnd } from './audit-task.js';
import { NO_LIMITS, WorkerProcess, type WorkerSetup } from './worker-process.js';

/** Signals that end an audit, and its workers before it. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface TaskEvents {
  /** `took`: milliseconds. */
  readonly onEnd: (end: TaskEnd, took: number) => void;
  /** `how` says how the worker ended that did not finish the task. */
  readonly onCrash: (task: AuditTask, how: string) => void;
  readonly onTold: (text: string) => void;
}

/**
 * Audits tasks in parallel, in separate processes that each have one task at a time. If a worker ends, only its task is
 * lost: another worker takes its place. No worker outlives this call: they are killed, as a process in which DuckDB works
 * may not end when it is asked to.
 * @throws P2mError P2M_INTERRUPTED (usage) after a signal
 */
export async function runTasks(
  tasks: readonly AuditTask[],
  setup: WorkerSetup,
  workers: number,
  events: TaskEvents,
): Promise<void> {
  const pool = new WorkerPool(tasks, setup, events);
  const stop = () => pool.stop();
  for (const signal of SIGNALS) process.once(signal, stop);
  try {
    await Promise.all(Array.from({ length: Math.min(workers, tasks.length) }, () => pool.runLane()));
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
    pool.endAll();
  }
  if (pool.stopped)
    throw usageError('P2M_INTERRUPTED', 'the audit was interrupted', 'run it again: it goes on from here');
}

class WorkerPool {
  stopped = false;
  private readonly waiting: AuditTask[];
  private readonly setup: WorkerSetup;
  private readonly events: TaskEvents;
  private readonly started = new Set<WorkerProcess>();

  constructor(tasks: readonly AuditTask[], setup: WorkerSetup, events: TaskEvents) {
    this.waiting = [...tasks];
    this.setup = setup;
    this.events = events;
  }

  /** Gives one worker a task after the other until no task is waiting. */
  async runLane(): Promise<void> {
    const worker = new WorkerProcess({ setup: this.setup, limits: NO_LIMITS, onTold: this.events.onTold });
    this.started.add(worker);
    for (let task = this.waiting.shift(); task !== undefined; task = this.waiting.shift()) {
      const began = performance.now();
      const end = await worker.run(task);
      if (this.stopped) return;
      if ('code' in end) this.events.onCrash(task, end.message);
      else this.events.onEnd(end, performance.now() - began);
    }
    worker.end();
  }

  stop(): void {
    this.stopped = true;
    this.waiting.length = 0;
    this.endAll();
  }

  endAll(): void {
    for (const worker of this.started) worker.end();
  }
}
