import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { BatchBlock } from '../kernel/batch-block.js';
import { Kernel } from '../kernel/kernel.js';
import { isSystemError } from '../output/system-error.js';
import { BatchWriter } from './batch-writer.js';
import { CLOSED, DONE, type PoolFailure, type PoolWorkerData, SUBMITTED } from './shared-pool.js';

/** The other thread of a SharedPool: writes batches in order until there are no more. */
const { capacity, slots, kernel, start, counts, compression, port } = workerData as PoolWorkerData;
const { batches } = new BatchBlock(capacity, slots, new Kernel(kernel), start);
const writer = new BatchWriter(compression);
const words = new Int32Array(counts);

function tellDone(jobs: number): void {
  Atomics.store(words, DONE, jobs);
  Atomics.notify(words, DONE);
}

function failureOf(error: unknown): PoolFailure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { message, stack, system: isSystemError(error) ? { code: error.code, syscall: error.syscall } : undefined };
}

function writeAll(): void {
  for (let job = 0; ; job++) {
    // Loops because batches are announced after they are counted: the wake-up may be for one that is already done.
    while (Atomics.load(words, SUBMITTED) === job) Atomics.wait(words, SUBMITTED, job);
    if (Atomics.load(words, SUBMITTED) === CLOSED) return;
    port.postMessage(writer.write(batches[job % slots], receiveMessageOnPort(port)?.message));
    tellDone(job + 1);
  }
}

try {
  writeAll();
} catch (error) {
  port.postMessage(failureOf(error));
}
// Nobody must wait for a thread that has ended.
tellDone(CLOSED);
