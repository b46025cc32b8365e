import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import {
  BREACH_SPEC,
  type CheckOptions,
  type FactChunk,
  type FactSelection,
  type FactStore,
  OPPORTUNITY_SPEC,
  replayTrace,
  sharesOf,
  traceIdentity,
} from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';

/** Replaying fewer events takes about 0.2 s, which is not worth a thread. */
const WORTH_A_THREAD = 2 ** 20;
/** A trace with more locks and call sites has much state, which is not held twice. */
const MANY_NAMES = 1 << 16;
const WORKER = new URL('./second-replay-worker.js', import.meta.url);

const hasManyNames = ({ names }: TraceReader) => names.lock.length + names.caller.length > MANY_NAMES;

/** The share of one of two replays. */
export interface ReplayShare {
  readonly wanted: FactSelection;
  readonly checks: CheckOptions;
}

/** What the thread is given. */
export interface SecondWork extends ReplayShare {
  readonly path: string;
  /** Identity of the trace's content. */
  readonly identity: string | undefined;
}

/**
 * A second replay of a trace, on its own thread, for half of the checks. Together, the two find the same as one replay
 * with all checks.
 */
export class SecondReplay {
  /** What is left for the first replay. */
  readonly first: ReplayShare;
  private readonly reader: TraceReader;
  private readonly work: SecondWork;
  private readonly worker: Worker;
  private readonly found: Promise<readonly FactChunk[] | undefined>;
  private given: Promise<void> | undefined;

  /**
   * Starts the thread; undefined if there is none: no breaches are wanted, or none that a second replay could share;
   * `threads` is 1, or is absent while the trace is short or has very many names, or there is only one core.
   */
  static start(
    reader: TraceReader,
    all: ReplayShare,
    threads = reader.rows < WORTH_A_THREAD || hasManyNames(reader) ? 1 : availableParallelism(),
  ): SecondReplay | undefined {
    // The TypeScript sources (tests) have no worker to start.
    if (!all.wanted.some(isOfChecks) || threads === 1 || !existsSync(WORKER)) return undefined;
    if (sharesOf(reader, all.checks).size < 2) return undefined;
    return new SecondReplay(reader, all);
  }

  private constructor(reader: TraceReader, { wanted, checks }: ReplayShare) {
    this.first = { wanted, checks: { ...checks, share: 'references' } };
    this.reader = reader;
    this.work = {
      path: reader.path,
      identity: traceIdentity(reader),
      wanted: wanted.filter(isOfChecks),
      checks: { ...checks, share: 'entries' },
    };
    this.worker = new Worker(WORKER, { workerData: this.work });
    this.found = new Promise(resolve => {
      this.worker.once('message', resolve);
      this.worker.once('error', () => resolve(undefined));
      this.worker.once('exit', () => resolve(undefined));
    });
  }

  /** Waits for what it found and adds it to the other facts, once. @throws P2mError P2M_DAMAGED */
  giveTo(facts: FactStore): Promise<void> {
    this.given ??= this.give(facts);
    return this.given;
  }

  /** If the thread has failed, its share is replayed here. */
  private async give(facts: FactStore): Promise<void> {
    const chunks = await this.found;
    if (chunks === undefined) replayShare(this.reader, this.work, facts);
    else for (const chunk of chunks) facts.take(chunk);
  }

  /** Stops the thread: its result is not wanted any more. */
  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}

/** True for what checks yield: `breaches`, `opportunities`, or a column of them. */
const isOfChecks = (name: string): boolean => {
  const [table] = name.split('.');
  return table === BREACH_SPEC.name || table === OPPORTUNITY_SPEC.name;
};

/** Replays a trace for a share of the facts, and adds them to the others. @throws P2mError P2M_DAMAGED */
export function replayShare(
  reader: TraceReader,
  { wanted, checks }: ReplayShare,
  facts: FactStore,
  onProgress?: (events: number) => void,
): void {
  replayTrace(reader, { facts: { wanted, take: chunk => facts.take(chunk) }, checks, onProgress });
}
