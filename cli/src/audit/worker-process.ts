import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AuditTask, FromWorker, TaskEnd, ToWorker } from './audit-task.js';
import { EXCEEDED_MEMORY } from './end-with-parent.js';

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));

/** What a worker is told before its first task. */
export type WorkerSetup = Exclude<ToWorker, { readonly task: AuditTask }>;

/** Limits of one task; 0 for none. */
export interface TaskLimits {
  /** Milliseconds. */
  readonly timeout: number;
  /** Bytes of the process. */
  readonly memory: number;
}

/** How a worker ended that did not finish its task. */
export interface Crash {
  readonly code: 'P2M_WORKER' | 'P2M_TIME_LIMIT' | 'P2M_MEMORY';
  readonly message: string;
}

export interface WorkerOptions {
  readonly setup: WorkerSetup;
  readonly limits: TaskLimits;
  readonly onTold: (text: string) => void;
}

export const NO_LIMITS: TaskLimits = { timeout: 0, memory: 0 };

/**
 * A process that judges one task at a time, started with the first and again after one that ended it. `end` it: it does
 * not end by itself, as a process in which DuckDB works may not end when it is asked to.
 */
export class WorkerProcess {
  private readonly options: WorkerOptions;
  private child: ChildProcess | undefined;

  constructor(options: WorkerOptions) {
    this.options = options;
  }

  end(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }

  /** The end of a task, or of the process before it. */
  run(task: AuditTask): Promise<TaskEnd | Crash> {
    this.child ??= this.start();
    const { child } = this;
    const { limits, onTold } = this.options;
    return new Promise(resolve => {
      let said = '';
      let isLate = false;
      const late = () => {
        isLate = true;
        child.kill('SIGKILL');
      };
      const timer = limits.timeout === 0 ? undefined : setTimeout(late, limits.timeout);
      const onText = (text: Buffer) => {
        said = `${said}${text}`.slice(-2000);
      };
      const done = (end: TaskEnd | Crash) => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit).off('error', onError);
        child.stderr?.off('data', onText);
        if ('code' in end && this.child === child) this.child = undefined;
        resolve(end);
      };
      const onMessage = (message: FromWorker) => {
        if ('told' in message) onTold(message.told);
        else if (message.key === task.key) done(message);
      };
      const onExit = (code: number | null, signal: string | null) => {
        const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
        done(crashOf(how, said, isLate, limits));
      };
      const onError = (error: Error) => {
        child.kill('SIGKILL');
        done({ code: 'P2M_WORKER', message: `its worker can't be reached: ${error.message}` });
      };
      child.stderr?.on('data', onText);
      child.on('message', onMessage).once('exit', onExit).once('error', onError);
      // Where that fails, the worker has ended, which is told as well.
      child.send({ task } satisfies ToWorker, () => undefined);
    });
  }

  private start(): ChildProcess {
    const { setup, limits } = this.options;
    const args = [String(process.pid), String(limits.memory)];
    // What judges runs plugins: they need not know how the queue is reached.
    const { P2MTRACE_QUEUE: _, ...env } = process.env;
    const child = fork(WORKER, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [], env });
    child.once('exit', () => {
      if (this.child === child) this.child = undefined;
    });
    child.send(setup, () => undefined);
    return child;
  }
}

function crashOf(how: string, said: string, isLate: boolean, { timeout, memory }: TaskLimits): Crash {
  if (isLate) return { code: 'P2M_TIME_LIMIT', message: `it took longer than ${timeout / 1000} s` };
  if (said.includes(EXCEEDED_MEMORY)) {
    return { code: 'P2M_MEMORY', message: `it took more than ${Math.round(memory / 1024 ** 2)} MiB of memory` };
  }
  return { code: 'P2M_WORKER', message: `its worker ended ${how}${said === '' ? '' : `: ${said.trim()}`}` };
}
