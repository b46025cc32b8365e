import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { BatchBlock } from './batch-block.js';
import type { BatchJob } from './batch-job.js';
import type { BatchPool } from './batch-pool.js';
import { BatchWriter } from './batch-writer.js';
import type { EventBatch } from './event-batch.js';
import { JobCounter } from './job-counter.js';
import { writeError } from './output-file.js';

/** One batch is filled, each thread writes one, and one waits. */
const SLOTS = 4;

/** What the other thread is started with. */
export interface PoolWorkerData {
  readonly fd: number;
  readonly capacity: number;
  readonly slots: number;
  /** Of the block, and of the counter. */
  readonly memory: SharedArrayBuffer;
  readonly counter: SharedArrayBuffer;
  /** Brings all jobs in order of their numbers, and takes a PoolFailure back. */
  readonly port: MessagePort;
}

/** What is left of an error on its way to another thread. */
export interface PoolFailure {
  readonly message: string;
  readonly stack: string | undefined;
  readonly isBug: boolean;
}

/** Compiled; there is none beside the TypeScript sources. */
export const POOL_WORKER = new URL('./pool-worker.js', import.meta.url);

/**
 * Has batches written by a second thread while the next ones are filled. While that thread is behind or has not
 * started yet, this one writes what nobody has begun: it never waits while there is something to do.
 */
export class SharedPool implements BatchPool {
  readonly block: BatchBlock;
  private readonly writer: BatchWriter;
  private readonly counter: JobCounter;
  private readonly port: MessagePort;
  /** The last job of each slot: job n writes batch n modulo SLOTS. */
  private readonly jobs: BatchJob[] = [];
  /** Jobs so far. */
  private count = 0;

  constructor(fd: number, capacity: number) {
    const memory = new SharedArrayBuffer(BatchBlock.bytes(capacity, SLOTS));
    const counter = JobCounter.memory(SLOTS);
    const { port1, port2 } = new MessageChannel();
    const workerData: PoolWorkerData = { fd, capacity, slots: SLOTS, memory, counter, port: port2 };
    new Worker(POOL_WORKER, { workerData, transferList: [port2] }).unref();
    port1.unref();
    this.port = port1;
    this.block = new BatchBlock(capacity, SLOTS, memory);
    this.writer = new BatchWriter(fd);
    this.counter = new JobCounter(counter);
  }

  acquire(): EventBatch {
    this.settle(this.count - SLOTS);
    const batch = this.block.batches[this.count % SLOTS];
    // The other thread may have emptied it.
    batch.rows = 0;
    batch.rawBytes = 0;
    return batch;
  }

  submit(_batch: EventBatch, job: BatchJob): void {
    this.jobs[this.count % SLOTS] = job;
    this.port.postMessage(job);
    this.counter.submit(++this.count);
  }

  drain(): void {
    for (let job = this.count - SLOTS; job < this.count; job++) this.settle(job);
    this.counter.close();
  }

  close(): void {
    const taken = Math.min(this.counter.close(), this.count);
    for (let job = Math.max(0, taken - SLOTS); job < taken; job++) this.counter.waitFor(job);
  }

  /** Returns when the job is done, and helps until then. */
  private settle(job: number): void {
    if (job < 0) return;
    while (!this.counter.isDone(job)) {
      const open = this.counter.take();
      if (open < 0) this.counter.waitFor(job);
      else this.write(open);
    }
    const failure: PoolFailure | undefined = receiveMessageOnPort(this.port)?.message;
    if (failure === undefined) return;
    throw failure.isBug
      ? Object.assign(new Error(failure.message), { stack: failure.stack })
      : writeError(failure.message);
  }

  private write(job: number): void {
    try {
      this.writer.write(this.block.batches[job % SLOTS], this.jobs[job % SLOTS]);
    } finally {
      this.counter.done(job);
    }
  }
}
