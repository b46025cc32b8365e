import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { describeError, EXIT } from '../exit.js';
import { budgetError, type Exceeded } from './budget-error.js';
import { type Budget, defaultMemory } from './budget-options.js';
import { NOTE_FD } from './note-fd.js';

/** What the thread is given. */
export interface Watch {
  readonly memory: number;
  /** Milliseconds since 1970, 0 for no limit. */
  readonly until: number;
  /** The process that this one must not outlive, 0 for none. */
  readonly parent: number;
  /** Where it is told what was exceeded, if not by a text on stderr. */
  readonly note: number | undefined;
  readonly texts: Readonly<Record<Exceeded, string>>;
}

const THREAD = new URL('./watch-thread.js', import.meta.url);
/** Milliseconds between two looks: memory grows by some 100 MB meanwhile at most. */
const EVERY = 50;
/** A command that ends sooner needs no thread: to start one takes longer than most commands take. */
const THREAD_AFTER = 1000;

let watch: Watch = { memory: 0, until: 0, parent: 0, note: undefined, texts: { memory: '', time: '' } };
/** When it was last looked at, in milliseconds since 1970, and when the thread is to take over. */
let looked = 0;
let threadAt = Number.POSITIVE_INFINITY;

/**
 * Watches memory and time of this process. Where it exceeds a limit it ends: as `checkBudget` is called next, or at once
 * if it is waiting. A command that takes long is watched from a thread, as its own may be busy.
 */
export async function watchBudget(budget: Budget, parent = 0): Promise<void> {
  const { memory = defaultMemory(), timeLimit = 0 } = budget;
  const now = Date.now();
  const limits = { memory, timeLimit };
  watch = {
    memory,
    until: timeLimit === 0 ? 0 : now + timeLimit,
    parent,
    note: parent === 0 ? undefined : NOTE_FD,
    texts: {
      memory: await describeError(budgetError('memory', limits)),
      time: await describeError(budgetError('time', limits)),
    },
  };
  // Whoever waits for this process can't look at it.
  if (parent !== 0) {
    startThread();
    return;
  }
  threadAt = now + THREAD_AFTER;
  setInterval(look, EVERY).unref();
}

/** For loops that are long: ends the process if it takes too much. */
export function checkBudget(): void {
  if (Date.now() - looked >= EVERY) look();
}

function look(): void {
  looked = Date.now();
  const { memory, until } = watch;
  if (memory > 0 && process.memoryUsage.rss() > memory) endWith('memory');
  if (until > 0 && looked > until) endWith('time');
  if (looked >= threadAt) startThread();
}

function startThread(): void {
  threadAt = Number.POSITIVE_INFINITY;
  const thread = new Worker(THREAD, { workerData: watch, execArgv: [] });
  thread.on('message', endWith);
  // Without the thread there is no limit, which is no reason to fail.
  thread.on('error', () => undefined);
  // A listener keeps the process alive again.
  thread.unref();
}

function endWith(exceeded: Exceeded): void {
  process.stderr.write(watch.texts[exceeded]);
  process.exitCode = EXIT.limit;
  // Ending while DuckDB works would wait for it, so that unfinished files are removed first.
  process.emit('exit', EXIT.limit);
  if (usesDuckdb()) process.kill(process.pid, 'SIGKILL');
  else process.exit(EXIT.limit);
}

const usesDuckdb = (): boolean =>
  Object.keys(createRequire(import.meta.url).cache).some(path => path.includes('duckdb'));
