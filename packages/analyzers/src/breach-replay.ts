import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type CheckOptions, type FactChunk, type FactSelection, FactStore, traceIdentity } from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import { storeFacts } from './trace-tables.js';

/** Replaying fewer events takes about 0.2 s, which is not worth a thread. */
const WORTH_A_THREAD = 2 ** 20;
const WORKER = new URL('./breach-worker.js', import.meta.url);

/** What the thread is given. */
export interface BreachWork {
  readonly path: string;
  /** Of the trace's content. */
  readonly identity: string | undefined;
  /** Columns of `breaches`. */
  readonly wanted: FactSelection;
  readonly checks: CheckOptions;
}

/**
 * A replay for `breaches` alone, on a thread of its own: the checks take about as long as all other facts. What it
 * finds is the same as if it were found in one replay with them.
 */
export class BreachReplay {
  private readonly reader: TraceReader;
  private readonly work: BreachWork;
  private readonly worker: Worker;
  private readonly found: Promise<readonly FactChunk[] | undefined>;

  /**
   * undefined where it is not to be: on one of `threads`, or, if that is absent, where the trace is short or there is
   * one core.
   */
  static start(
    reader: TraceReader,
    wanted: FactSelection,
    checks: CheckOptions,
    threads = reader.rows < WORTH_A_THREAD ? 1 : availableParallelism(),
  ): BreachReplay | undefined {
    // From the TypeScript sources (tests) there is no worker to start.
    if (wanted.length === 0 || threads === 1 || !existsSync(WORKER)) return undefined;
    return new BreachReplay(reader, wanted, checks);
  }

  private constructor(reader: TraceReader, wanted: FactSelection, checks: CheckOptions) {
    this.reader = reader;
    this.work = { path: reader.path, identity: traceIdentity(reader), wanted, checks };
    this.worker = new Worker(WORKER, { workerData: this.work });
    this.found = new Promise(resolve => {
      this.worker.once('message', resolve);
      this.worker.once('error', () => resolve(undefined));
      this.worker.once('exit', () => resolve(undefined));
    });
  }

  /** The breaches, of a replay on this thread where the other one failed. @throws P2mError P2M_DAMAGED */
  async breaches(): Promise<FactStore> {
    const chunks = await this.found;
    if (chunks === undefined) return storeFacts(this.reader, this.work);
    const store = new FactStore(this.work.wanted);
    for (const chunk of chunks) if (chunk.rows > 0) store.take(chunk);
    return store;
  }

  /** Nobody wants to know any more. */
  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}
