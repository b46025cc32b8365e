import { parentPort, workerData } from 'node:worker_threads';
import { BREACH_SPEC, FactStore, replayTrace, traceIdentity } from '@p2mtrace/replayer';
import { TraceReader } from '@p2mtrace/trace-format';
import type { BreachWork } from './breach-replay.js';

/** The other side of BreachReplay: opens the trace for itself, which must be the one that was meant. */
const { path, identity, wanted, checks } = workerData as BreachWork;
const reader = TraceReader.open(path);
try {
  if (traceIdentity(reader) !== identity) throw new Error('the trace was replaced');
  const facts = new FactStore(wanted);
  replayTrace(reader, { facts, checks });
  parentPort?.postMessage(facts.chunks(BREACH_SPEC));
} finally {
  reader.close();
}
