import { Worker } from 'node:worker_threads';

/** How often it is looked whether the parent is still there, and how much memory is taken. */
const LOOK_MS = 200;

/** What a process that took too much memory says on stderr before its end. */
export const EXCEEDED_MEMORY = 'P2M_MEMORY: more memory than allowed';

/** Plain text, as it runs in a thread of its own: the main thread may be busy for minutes. */
const WATCH = `
  const { workerData } = require('node:worker_threads');
  const { parent, memory, text } = workerData;
  setInterval(() => {
    const isTooMuch = memory > 0 && process.memoryUsage.rss() > memory;
    if (isTooMuch) require('node:fs').writeSync(2, text);
    if (isTooMuch || process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  }, workerData.every);
`;

/**
 * Ends this process by SIGKILL when its parent has ended, however that was killed, and whatever this process does; or
 * when it takes more memory than so many bytes, 0 for no limit. An exit would not do: it waits for DuckDB, which may wait
 * for this process.
 */
export function endWithParent(parent: number, memory: number): void {
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  const workerData = { parent, memory, text: EXCEEDED_MEMORY, every: LOOK_MS };
  new Worker(WATCH, { eval: true, execArgv: [], workerData }).unref();
}
