import { Worker } from 'node:worker_threads';

/** How often it is looked whether the parent is still there. */
const LOOK_MS = 200;

/** Plain text, as it runs in a thread of its own: the main thread may be busy for minutes. */
const WATCH = `
  const { workerData } = require('node:worker_threads');
  setInterval(() => {
    if (process.ppid !== workerData.parent) process.kill(process.pid, 'SIGKILL');
  }, workerData.every);
`;

/**
 * Ends this process by SIGKILL when its parent has ended, however that was killed, and whatever this process does. An
 * exit would not do: it waits for DuckDB, which may wait for this process.
 */
export function endWithParent(parent: number): void {
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  new Worker(WATCH, { eval: true, execArgv: [], workerData: { parent, every: LOOK_MS } }).unref();
}
