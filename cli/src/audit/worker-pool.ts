import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { usageError } from '@p2mtrace/trace-format/errors';
import type { AuditTask, FromWorker, TaskEnd, ToWorker } from './audit-task.js';

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));
/** Signals that end an audit, and its workers before it. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What a worker is told before its first task. */
export type WorkerSetup = Exclude<ToWorker, { readonly task: AuditTask }>;

export interface TaskEvents {
  readonly onEnd: (end: TaskEnd) => void;
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
    pool.killAll();
  }
  if (pool.stopped)
    throw usageError('P2M_INTERRUPTED', 'the audit was interrupted', 'run it again: it goes on from here');
}

class WorkerPool {
  stopped = false;
  private readonly waiting: AuditTask[];
  private readonly setup: WorkerSetup;
  private readonly events: TaskEvents;
  private readonly alive = new Set<ChildProcess>();

  constructor(tasks: readonly AuditTask[], setup: WorkerSetup, events: TaskEvents) {
    this.waiting = [...tasks];
    this.setup = setup;
    this.events = events;
  }

  /** Starts one worker after the other until no task is waiting. */
  async runLane(): Promise<void> {
    let worker: ChildProcess | undefined;
    for (let task = this.waiting.shift(); task !== undefined; task = this.waiting.shift()) {
      worker ??= this.start();
      const crash = await this.runTask(worker, task);
      if (this.stopped) return;
      if (crash === undefined) continue;
      worker = undefined;
      this.events.onCrash(task, crash);
    }
    worker?.kill('SIGKILL');
  }

  stop(): void {
    this.stopped = true;
    this.waiting.length = 0;
    this.killAll();
  }

  killAll(): void {
    for (const worker of this.alive) worker.kill('SIGKILL');
  }

  private start(): ChildProcess {
    const worker = fork(WORKER, [String(process.pid)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
    this.alive.add(worker);
    worker.once('exit', () => this.alive.delete(worker));
    worker.send(this.setup, () => undefined);
    return worker;
  }

  /** How the worker ended, if it did before the task was done. */
  private runTask(worker: ChildProcess, task: AuditTask): Promise<string | undefined> {
    return new Promise(resolve => {
      let said = '';
      const onText = (text: Buffer) => {
        said = `${said}${text}`.slice(-2000);
      };
      const end = (crash: string | undefined) => {
        worker.off('message', onMessage).off('exit', onExit).off('error', onError);
        worker.stderr?.off('data', onText);
        resolve(crash);
      };
      const onMessage = (message: FromWorker) => {
        if ('told' in message) this.events.onTold(message.told);
        else if (message.key === task.key) {
          this.events.onEnd(message);
          end(undefined);
        }
      };
      const onExit = (code: number | null, signal: string | null) => {
        const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
        end(`its worker ended ${how}${said === '' ? '' : `: ${said.trim()}`}`);
      };
      const onError = (error: Error) => {
        worker.kill('SIGKILL');
        end(`its worker can't be reached: ${error.message}`);
      };
      worker.stderr?.on('data', onText);
      worker.on('message', onMessage).once('exit', onExit).once('error', onError);
      // Where that fails, the worker has ended, which is told as well.
      worker.send({ task } satisfies ToWorker, () => undefined);
    });
  }
}
