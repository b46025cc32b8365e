import { parentPort, workerData } from 'node:worker_threads';
import { EventBatch } from './event-batch.js';
import { FAILED, FINISHED, type SealRequest, type SealWorkerData, SLOT_FREE } from './worker-sink.js';
import { TraceWriter } from './writer.js';

/** The other side of WorkerSink: seals and writes batches from shared memory while the importer fills the next ones. */
const { path, fd, metadata, capacity, slots, control, errors } = workerData as SealWorkerData;
const state = new Int32Array(control);
const batches = slots.map(memory => new EventBatch(capacity, memory));
let writer: TraceWriter | undefined;

function signal(index: number, value: number): void {
  Atomics.store(state, index, value);
  Atomics.notify(state, index);
}

function serve(request: SealRequest): void {
  writer ??= new TraceWriter(path, metadata, capacity, fd);
  if (request.do === 'append') {
    const batch = batches[request.slot];
    batch.rows = request.rows;
    batch.rawBytes = request.rawBytes;
    writer.append(batch, request.names);
    signal(request.slot, SLOT_FREE);
    return;
  }
  if (request.do === 'finish') writer.finish(request.metadata);
  else writer.abort();
  signal(slots.length, FINISHED);
  parentPort?.close();
}

parentPort?.on('message', (request: SealRequest) => {
  try {
    serve(request);
  } catch (error) {
    writer?.abort();
    errors.postMessage(
      error instanceof Error ? { message: error.message, stack: error.stack } : { message: String(error) },
    );
    signal(slots.length, FAILED);
    // Whoever waits for a slot must wake up to see the failure.
    slots.forEach((_, slot) => {
      signal(slot, SLOT_FREE);
    });
    parentPort?.close();
  }
});
