import { type Job, UnrecoverableError } from 'bullmq';
import type { AuditSettings } from '../audit/audit-task.js';
import type { ResultStore } from '../audit/result-store.js';
import { resultKey } from '../audit/settings-hash.js';
import type { TraceResult } from '../audit/trace-result.js';
import { type Crash, type TaskLimits, WorkerProcess } from '../audit/worker-process.js';
import { isP2mError } from '../exit.js';
import { version } from '../version.js';
import { fileAtPath } from './file-at-path.js';
import { type Failure, failureText, jobSchema, type TraceJob } from './trace-job.js';
import type { WorkerCounts } from './worker-counts.js';

/** What is wrong with this machine, not with the trace: it takes no more of them. */
const OF_THE_MACHINE = new Set(['P2M_WRITE', 'P2M_OUTPUT']);
/** What another try does not change. */
const FINAL = new Set(['P2M_BUG', 'P2M_TIME_LIMIT', 'P2M_MEMORY']);
/** So many deaths of those who judge it are the fault of the trace. */
const DEATHS = 2;

export interface TraceWorkerOptions {
  readonly settings: AuditSettings;
  readonly salt: string;
  readonly store: ResultStore;
  readonly jobs: number;
  readonly limits: TaskLimits;
  readonly counts: WorkerCounts;
  readonly tell: (text: string) => void;
  /** Nothing more can be done on this machine. */
  readonly onUnfit: (why: string) => void;
}

/** Judges the traces that the queue has, as many at once as there are processes. */
export class TraceWorker {
  private readonly options: TraceWorkerOptions;
  private readonly free: WorkerProcess[];
  private readonly all: readonly WorkerProcess[];
  private isEnding = false;

  constructor(options: TraceWorkerOptions) {
    const { settings, salt, jobs, limits, tell } = options;
    this.options = options;
    this.all = Array.from(
      { length: jobs },
      () => new WorkerProcess({ setup: { settings, salt }, limits, onTold: tell }),
    );
    this.free = [...this.all];
  }

  /** Ends the processes; what they work on is left to others. */
  end(): void {
    this.isEnding = true;
    for (const one of this.all) one.end();
  }

  /** Judges the trace of a job, and returns how long it took in milliseconds. @throws Error with a `failureText`, an UnrecoverableError if it is not to be tried again */
  readonly process = async (job: Job<TraceJob>): Promise<number | undefined> => {
    const { data: task } = jobSchema.safeParse(job.data);
    const { salt, store, counts } = this.options;
    if (task === undefined || task.salt !== salt) {
      const what = `p2mtrace ${version()} with other options does not take the job of p2mtrace ${job.data?.version}`;
      throw refused(what);
    }
    // Whoever may write to the queue does not thereby say what the store has.
    if (task.key !== resultKey(salt, task.hash)) throw refused('its key is not that of its content and settings');
    const kept = await store.read(task.key);
    if (kept !== undefined) {
      counts.keep();
      return undefined;
    }
    const process = this.free.pop()!;
    const began = performance.now();
    counts.begin();
    try {
      const result = await this.judge(task, job, process);
      const took = Math.round(performance.now() - began);
      counts.end(result, took);
      return took;
    } catch (error) {
      counts.fail(performance.now() - began);
      throw error;
    } finally {
      this.free.push(process);
    }
  };

  private async judge(task: TraceJob, job: Job<TraceJob>, process: WorkerProcess): Promise<TraceResult> {
    const { store } = this.options;
    const { path, key, hash } = task;
    const file = await fileAtPath(path, hash);
    if ('code' in file) throw this.failed(file);
    const end = await process.run({ path, content: hash, key, stat: file.stat, adds: false, ...store.places(key) });
    if ('code' in end) throw await this.crashed(end, job);
    const { result, lasting } = end;
    if (lasting) await this.keep(key, result);
    else {
      const { problem, notices } = result;
      throw this.failed({
        code: problem?.code ?? 'P2M_REFUSED',
        message: problem?.message ?? 'plugins, configuration or symbols of the worker changed while it ran',
        notices,
      });
    }
    return result;
  }

  private async keep(key: string, result: TraceResult): Promise<void> {
    try {
      await this.options.store.keep(key, result);
    } catch (error) {
      if (!isP2mError(error)) throw error;
      throw this.failed({ code: error.code, message: `its result can't be kept: ${error.message}`, notices: [] });
    }
  }

  /** The first time it may have been the machine: the kernel ends what takes too much memory. */
  private async crashed({ code, message }: Crash, job: Job<TraceJob>): Promise<Error> {
    if (this.isEnding) return this.failed({ code: 'P2M_INTERRUPTED', message: 'its worker was stopped', notices: [] });
    const deaths = job.data.crashes + job.stalledCounter + 1;
    if (code !== 'P2M_WORKER' || deaths >= DEATHS) return this.failed({ code, message, notices: [] }, true);
    await job.updateData({ ...job.data, crashes: job.data.crashes + 1 });
    return this.failed({ code, message, notices: [] });
  }

  private failed(failure: Failure, isFinal = FINAL.has(failure.code)): Error {
    const { code, message } = failure;
    if (OF_THE_MACHINE.has(code) || code === 'P2M_REFUSED') this.options.onUnfit(`${code}: ${message}`);
    const text = failureText(failure);
    return isFinal ? new UnrecoverableError(text) : new Error(text);
  }
}

/** A job that is not what an audit puts in; the worker goes on with others. */
const refused = (message: string): Error =>
  new UnrecoverableError(failureText({ code: 'P2M_REFUSED', message, notices: [] }));
