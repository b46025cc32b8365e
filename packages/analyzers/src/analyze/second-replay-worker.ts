import { parentPort, workerData } from 'node:worker_threads';
import { FactStore, replayTrace, traceIdentity } from '@p2mtrace/replayer';
import { TraceReader } from '@p2mtrace/trace-format';
import type { SecondWork } from './second-replay.js';

/** The thread of SecondReplay: opens the trace again, and makes sure that it is the same one. */
const { path, identity, wanted, checks } = workerData as SecondWork;
// The first replay checks what it reads, and this one reads the same.
const reader = TraceReader.open(path, { checksums: false });
try {
  if (traceIdentity(reader) !== identity) throw new Error('the trace was replaced');
  const facts = new FactStore(wanted);
  replayTrace(reader, { facts, checks });
  parentPort?.postMessage(facts.takeAll());
} finally {
  reader.close();
}
