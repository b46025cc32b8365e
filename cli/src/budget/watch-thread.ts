/** The thread of `watchBudget`. */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { Exceeded } from './budget-error.js';
import type { Watch } from './watch.js';

/** Milliseconds between two looks: memory grows by some 100 MB meanwhile at most. */
const EVERY = 50;
/** How long the command may take to end by itself. */
const GRACE = 2000;
/** Memory that ends it at once. */
const FAR = 1.25;

const { memory, until, parent, note, texts } = workerData as Watch;
let since = 0;

setInterval(() => {
  if (parent !== 0 && process.ppid !== parent) end();
  const rss = process.memoryUsage.rss();
  const exceeded: Exceeded | undefined =
    memory > 0 && rss > memory ? 'memory' : until > 0 && Date.now() > until ? 'time' : undefined;
  if (exceeded === undefined && since === 0) return;
  if (note !== undefined) {
    writeSync(note, texts[exceeded ?? 'memory']);
    end();
  }
  if (since === 0) {
    since = Date.now();
    parentPort?.postMessage(exceeded);
  }
  if (Date.now() - since < GRACE && !(memory > 0 && rss > memory * FAR)) return;
  writeSync(2, texts[exceeded ?? 'memory']);
  end();
}, EVERY);

function end(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal arrives in its own time.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
