import { parentPort, workerData } from 'node:worker_threads';
import { FactStore, replayTrace, traceIdentity } from '@p2mtrace/replayer';
import { TraceReader } from '@p2mtrace/trace-format';
import type { SecondWork } from './second-replay.js';

/** The other side of SecondReplay: opens the trace for itself, which must be the one that was meant. */
const { path, identity, wanted, checks } = workerData as SecondWork;
// The first replay checks what it reads, and reads the same.
const reader = TraceReader.open(path, { checksums: false });
try {
  if (traceIdentity(reader) !== identity) throw new Error('the trace was replaced');
  const facts = new FactStore(wanted);
  replayTrace(reader, { facts, checks });
  parentPort?.postMessage(facts.takeAll());
} finally {
  reader.close();
}
