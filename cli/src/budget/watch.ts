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

let exceeded: Exceeded | undefined;
let limits: Budget = {};

/**
 * Watches memory and time of this process from a thread, as its own may be busy. What exceeds a limit ends with an
 * error: where `checkBudget` is called next, or at once if this thread is waiting. Where neither helps, it is killed.
 */
export async function watchBudget(budget: Budget, parent = 0): Promise<void> {
  const { memory = defaultMemory(), timeLimit = 0 } = budget;
  limits = { memory, timeLimit };
  const watch: Watch = {
    memory,
    until: timeLimit === 0 ? 0 : Date.now() + timeLimit,
    parent,
    note: parent === 0 ? undefined : NOTE_FD,
    texts: {
      memory: await describeError(budgetError('memory', limits)),
      time: await describeError(budgetError('time', limits)),
    },
  };
  const thread = new Worker(THREAD, { workerData: watch, execArgv: [] });
  thread.on('message', onExceeded);
  // Without the thread there is no limit, which is no reason to fail.
  thread.on('error', () => undefined);
  // A listener keeps the process alive again.
  thread.unref();
}

/** For loops that are long. @throws P2mError P2M_MEMORY, P2M_TIME_LIMIT */
export function checkBudget(): void {
  if (exceeded !== undefined) throw budgetError(exceeded, limits);
}

/** This thread is waiting, for DuckDB, a pipe or another process, and would not get to a `checkBudget`. */
async function onExceeded(which: Exceeded): Promise<void> {
  exceeded = which;
  process.stderr.write(await describeError(budgetError(which, limits)));
  process.exitCode = EXIT.limit;
  // Ending while DuckDB works would wait for it, so that unfinished files are removed first.
  process.emit('exit', EXIT.limit);
  if (usesDuckdb()) process.kill(process.pid, 'SIGKILL');
  else process.exit(EXIT.limit);
}

const usesDuckdb = (): boolean =>
  Object.keys(createRequire(import.meta.url).cache).some(path => path.includes('duckdb'));
