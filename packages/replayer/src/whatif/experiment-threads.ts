import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { TraceReader } from '@p2mtrace/trace-format';
import { traceIdentity } from '../checkpoints/trace-identity.js';
import type { LockDesign } from './design.js';
import { type Conditions, runExperiments } from './experiments.js';
import type { Outcome } from './outcome.js';
import { conclude, neededExperiments, type WhatIf, type WhatIfOptions, whatIf } from './what-if.js';

/** Events of all pcpus and designs that keep a thread busy long enough (some 0.2 µs each) to be worth its start. */
const WORTH_A_THREAD = 10_000_000;
const WORKER = new URL('./experiment-worker.js', import.meta.url);

/** What a thread is given. */
export interface ExperimentWork {
  readonly path: string;
  /** Identity of the trace's content. */
  readonly identity: string;
  readonly designs: readonly LockDesign[];
  readonly conditions: Conditions;
}

/**
 * As `whatIf`, with the designs dealt out to threads, each of which reads the trace. A trace that is soon done gets none, nor
 * does one that is watched: a function stays in its thread.
 * @param threads one for each core by default
 * @throws P2mError P2M_DAMAGED
 */
export async function whatIfOnThreads(
  reader: TraceReader,
  options: WhatIfOptions = {},
  threads = availableParallelism(),
): Promise<WhatIf> {
  const needed = neededExperiments(options);
  const events = reader.rows * (options.pcpus ?? 1);
  const most = Math.min(threads, Math.floor((events * needed.size) / WORTH_A_THREAD));
  // A trace without checksums can't be told from another that took its place; the TypeScript sources (tests) have no worker.
  const identity = traceIdentity(reader);
  if (most < 2 || options.watch !== undefined || identity === undefined || !existsSync(WORKER)) {
    return whatIf(reader, options);
  }
  const { foreign, pcpus, seed, overlay, domain } = options;
  const conditions: Conditions = { foreign, pcpus, seed, overlay, domain };
  const work = { path: reader.path, identity, conditions };
  const [own, ...others] = dealtOut(needed, most);
  const shares = others.map(keys => new ExperimentThread({ ...work, designs: designsOf(needed, keys) }));
  try {
    const experiments = runExperiments(reader, designsOf(needed, own), conditions, options);
    const outcomes = new Map(own.map((key, n) => [key, experiments.outcomes[n]]));
    for (const [at, share] of shares.entries()) {
      // If a thread has failed, its share is done here.
      const found = (await share.outcomes) ?? runExperiments(reader, share.work.designs, conditions).outcomes;
      for (const [n, key] of others[at].entries()) outcomes.set(key, found[n]);
    }
    return conclude(reader, options, experiments, outcomes);
  } finally {
    await Promise.all(shares.map(share => share.stop()));
  }
}

class ExperimentThread {
  readonly work: ExperimentWork;
  /** Undefined if the thread has failed. */
  readonly outcomes: Promise<readonly Outcome[] | undefined>;
  private readonly worker: Worker;

  constructor(work: ExperimentWork) {
    this.work = work;
    this.worker = new Worker(WORKER, { workerData: work });
    this.outcomes = new Promise(resolve => {
      this.worker.once('message', resolve);
      this.worker.once('error', () => resolve(undefined));
      this.worker.once('exit', () => resolve(undefined));
    });
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}

/** Keys of designs by thread, so that each has about as much to do: the dearest first, to whoever has least. */
function dealtOut(needed: ReadonlyMap<string, LockDesign>, threads: number): string[][] {
  const shares = Array.from({ length: Math.min(threads, needed.size) }, () => ({ keys: [] as string[], cost: 0 }));
  for (const [key, design] of [...needed].sort(([, a], [, b]) => costOf(b) - costOf(a))) {
    const least = shares.reduce((a, b) => (b.cost < a.cost ? b : a));
    least.keys.push(key);
    least.cost += costOf(design);
  }
  return shares.map(({ keys }) => keys);
}

/** What a design takes, roughly, as measured with many pcpus: readers that come to write meet in deadlocks. */
function costOf({ discipline, granularity, upgrade }: LockDesign): number {
  if (discipline === 'refuse') return 1;
  if (upgrade === 'convert') return granularity === '4k' ? 4 : 6;
  return discipline === 'exclusive' ? 2 : 3;
}

const designsOf = (needed: ReadonlyMap<string, LockDesign>, keys: readonly string[]) =>
  keys.map(key => needed.get(key) as LockDesign);
