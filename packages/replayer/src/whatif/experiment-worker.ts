import { parentPort, workerData } from 'node:worker_threads';
import { TraceReader } from '@p2mtrace/trace-format';
import { traceIdentity } from '../checkpoints/trace-identity.js';
import type { ExperimentWork } from './experiment-threads.js';
import { runExperiments } from './experiments.js';

/** A thread of whatIfOnThreads: opens the trace again, and makes sure that it is the same one. */
const { path, identity, designs, conditions } = workerData as ExperimentWork;
// The first thread checks what it reads, and this one reads the same.
const reader = TraceReader.open(path, { checksums: false });
try {
  if (traceIdentity(reader) !== identity) throw new Error('the trace was replaced');
  parentPort?.postMessage(runExperiments(reader, designs, conditions).outcomes);
} finally {
  reader.close();
}
