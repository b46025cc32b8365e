import type { RunOptions } from '../audit/run-audit.js';
import type { Context } from '../command.js';
import { count } from '../render/cell.js';

/** Which queue an audit uses, and how. */
export interface QueueChoice {
  readonly queue?: string;
  readonly store?: string;
  /** Milliseconds. */
  readonly workerWait?: number;
}

const WORKER_WAIT_MS = 600_000;
/** Between two lines that say how far it is, where there is no bar. */
const LINE_MS = 60_000;

type Parts = Pick<RunOptions, 'settings' | 'onProgress' | 'onResult' | 'tell'>;

/**
 * Who judges in place of this machine; undefined if it does itself. Only here is loaded what a queue needs.
 * @throws P2mError P2M_QUEUE, P2M_USAGE, P2M_WRITE (usage)
 */
export async function queueOf(
  { queue, store: named, workerWait = WORKER_WAIT_MS }: QueueChoice,
  { settings, onProgress, onResult, tell }: Parts,
  { err }: Context,
): Promise<RunOptions['elsewhere']> {
  if (queue === undefined && named === undefined) return undefined;
  const [{ queueAddress }, { openStore }, { judgeByQueue }] = await Promise.all([
    import('./queue-address.js'),
    import('./store.js'),
    import('./judge-by-queue.js'),
  ]);
  const address = queueAddress(queue);
  const store = openStore(named, tell);
  let saidAt = Date.now();
  const told = (done: number, of: number) => {
    onProgress(done, of);
    if (err.isTty || Date.now() - saidAt < LINE_MS) return;
    saidAt = Date.now();
    err.note(`p2mtrace: ${count(done)} of ${count(of)} traces\n`);
  };
  const options = { address, store, settings, workerWait, onProgress: told, onResult, tell };
  return { store, judge: (tasks, salt, hashed) => judgeByQueue(tasks, salt, hashed, options) };
}
