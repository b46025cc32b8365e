import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { BatchBlock } from './batch-block.js';
import type { BatchJob } from './batch-job.js';
import { BatchWriter } from './batch-writer.js';
import { P2mError } from './errors.js';
import { JobCounter } from './job-counter.js';
import type { PoolFailure, PoolWorkerData } from './shared-pool.js';

/** The other thread of a SharedPool: writes batches until there are no more. */
const { fd, capacity, slots, memory, counter, port } = workerData as PoolWorkerData;
const { batches } = new BatchBlock(capacity, slots, memory);
const writer = new BatchWriter(fd);
const jobs = new JobCounter(counter);
let received = 0;

/** The jobs before it were done by the other side. */
function receive(job: number): BatchJob {
  while (received < job) {
    receiveMessageOnPort(port);
    received++;
  }
  received++;
  return receiveMessageOnPort(port)?.message;
}

function failureOf(error: unknown): PoolFailure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { message, stack, isBug: !(error instanceof P2mError) };
}

for (let job = jobs.takeNext(); job >= 0; job = jobs.takeNext()) {
  try {
    writer.write(batches[job % slots], receive(job));
  } catch (error) {
    port.postMessage(failureOf(error));
    jobs.close();
  }
  jobs.done(job);
}
