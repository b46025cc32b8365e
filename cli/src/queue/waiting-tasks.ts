import type { AuditTask, TaskEnd } from '../audit/audit-task.js';
import type { ResultStore } from '../audit/result-store.js';
import type { OnResult } from '../audit/run-audit.js';
import { failed, type TraceResult } from '../audit/trace-result.js';
import type { Failure } from './trace-job.js';

interface Options {
  readonly store: ResultStore;
  readonly onProgress: (done: number, of: number) => void;
  readonly onResult: OnResult | undefined;
}

/** Tasks without an end yet, and the ends of the others. */
export class WaitingTasks {
  readonly ends: TaskEnd[] = [];
  readonly total: number;
  private readonly open: Map<string, AuditTask>;
  private readonly options: Options;

  constructor(tasks: readonly AuditTask[], options: Options) {
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

  get tasks(): readonly AuditTask[] {
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
