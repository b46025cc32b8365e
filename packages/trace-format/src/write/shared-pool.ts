import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { BatchBlock } from '../kernel/batch-block.js';
import type { EventBatch } from '../kernel/event-batch.js';
import type { Kernel, KernelParts } from '../kernel/kernel.js';
import type { BatchJob } from './batch-job.js';
import type { BatchPool } from './batch-pool.js';
import { BatchWriter } from './batch-writer.js';
import { writeError } from './output-file.js';

/** Batches that the other thread has before it; while it has as many, this one writes what it fills itself. */
const BACKLOG = 6;
/** Those, and the one that is being filled. */
const SLOTS = BACKLOG + 1;

/** Words that the threads share: how many batches this one has submitted, and the other has written. */
export const SUBMITTED = 0;
export const DONE = 1;
/** There are no more batches, or none are written any more. */
export const CLOSED = 0x7fff_ffff;

/** What the other thread is started with. */
export interface PoolWorkerData {
  readonly capacity: number;
  readonly slots: number;
  readonly kernel: KernelParts;
  /** Where the block starts in its memory. */
  readonly start: number;
  readonly counts: SharedArrayBuffer;
  /** Brings a BatchJob for each batch, and takes a PoolFailure back. */
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

/** Has batches written by a second thread while the next ones are filled. */
export class SharedPool implements BatchPool {
  readonly block: BatchBlock;
  private readonly writer = new BatchWriter();
  private readonly counts: Int32Array;
  private readonly port: MessagePort;
  private submitted = 0;

  constructor(capacity: number, kernel: Kernel) {
    this.block = new BatchBlock(capacity, SLOTS, kernel);
    const { start } = this.block;
    const counts = new SharedArrayBuffer(2 * 4);
    const { port1, port2 } = new MessageChannel();
    const workerData: PoolWorkerData = { capacity, slots: SLOTS, kernel: kernel.parts, start, counts, port: port2 };
    new Worker(POOL_WORKER, { workerData, transferList: [port2] }).unref();
    port1.unref();
    this.port = port1;
    this.counts = new Int32Array(counts);
  }

  acquire(): EventBatch {
    const batch = this.block.batches[this.submitted % SLOTS];
    // Who wrote it has emptied it.
    batch.rows = 0;
    batch.rawBytes = 0;
    return batch;
  }

  submit(batch: EventBatch, job: BatchJob): void {
    const done = Atomics.load(this.counts, DONE);
    if (done === CLOSED) this.fail();
    if (this.submitted - done >= BACKLOG) {
      this.writer.write(batch, job);
      return;
    }
    this.port.postMessage(job);
    this.tell(++this.submitted);
  }

  drain(): void {
    this.wait(this.submitted);
    if (Atomics.load(this.counts, DONE) === CLOSED) this.fail();
    this.tell(CLOSED);
  }

  close(): void {
    this.tell(CLOSED);
    // It may still be starting, and then nothing is to be written.
    if (this.submitted > 0) this.wait(CLOSED);
  }

  private tell(submitted: number): void {
    Atomics.store(this.counts, SUBMITTED, submitted);
    Atomics.notify(this.counts, SUBMITTED);
  }

  /** Returns when that many batches are written, or none are any more. */
  private wait(jobs: number): void {
    for (let done = 0; done < jobs; done = Atomics.load(this.counts, DONE)) Atomics.wait(this.counts, DONE, done);
  }

  /** Throws why the other thread has ended. */
  private fail(): never {
    const failure: PoolFailure | undefined = receiveMessageOnPort(this.port)?.message;
    const { message, stack, isBug } = failure ?? { message: 'the writing thread has ended', stack: '', isBug: true };
    throw isBug ? Object.assign(new Error(message), { stack }) : writeError(message);
  }
}
