import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { Compression } from '../compress/codec.js';
import { codecOf } from '../compress/codec-of.js';
import { BatchBlock } from '../kernel/batch-block.js';
import type { EventBatch } from '../kernel/event-batch.js';
import type { Kernel, KernelParts } from '../kernel/kernel.js';
import type { BatchJob } from './batch-job.js';
import type { BatchPool } from './batch-pool.js';
import { BatchWriter } from './batch-writer.js';

/** Batches that may wait for the other thread; while this many do, this thread writes what it fills itself, or waits. */
const BACKLOG = 6;
/** Those, and the one being filled. */
const SLOTS = BACKLOG + 1;

/** Words that the threads share: how many batches this one has submitted, and how many the other has written. */
export const SUBMITTED = 0;
export const DONE = 1;
/** No more batches will come, or no more will be written. */
export const CLOSED = 0x7fff_ffff;

/** What the other thread starts with. */
export interface PoolWorkerData {
  readonly capacity: number;
  readonly slots: number;
  readonly kernel: KernelParts;
  /** Where the block starts in the kernel's memory. */
  readonly start: number;
  readonly counts: SharedArrayBuffer;
  readonly compression: Compression | undefined;
  /** Sends a BatchJob for each batch; the length of its body comes back, or a PoolFailure. */
  readonly port: MessagePort;
}

/** The parts of an error that are passed to another thread. */
export interface PoolFailure {
  readonly message: string;
  readonly stack: string | undefined;
  /** Of an error of the system: its code and its call. */
  readonly system: { readonly code: string; readonly syscall: string | undefined } | undefined;
}

/** Compiled; not present beside the TypeScript sources. */
export const POOL_WORKER = new URL('./pool-worker.js', import.meta.url);

/** Has batches written by a second thread while the next ones are filled. */
export class SharedPool implements BatchPool {
  readonly block: BatchBlock;
  readonly compression: Compression | undefined;
  private readonly writer: BatchWriter;
  private readonly counts: Int32Array;
  private readonly port: MessagePort;
  private submitted = 0;
  /** Length of the body of each batch, in order of `submit`. */
  private readonly bodies: number[] = [];
  /** Batches whose body's length the other thread tells, by their place in `bodies`. */
  private readonly told: number[] = [];

  /** @throws P2mError P2M_CODEC */
  constructor(capacity: number, kernel: Kernel, compression?: Compression) {
    // Tried here, where an error has somebody to hear it.
    if (compression !== undefined) codecOf(compression);
    this.compression = compression;
    this.writer = new BatchWriter(compression);
    this.block = new BatchBlock(capacity, SLOTS, kernel);
    const { start } = this.block;
    const counts = new SharedArrayBuffer(2 * 4);
    const { port1, port2 } = new MessageChannel();
    const workerData: PoolWorkerData = {
      capacity,
      slots: SLOTS,
      kernel: kernel.parts,
      start,
      counts,
      port: port2,
      compression,
    };
    new Worker(POOL_WORKER, { workerData, transferList: [port2] }).unref();
    port1.unref();
    this.port = port1;
    this.counts = new Int32Array(counts);
  }

  acquire(): EventBatch {
    const batch = this.block.batches[this.submitted % SLOTS];
    // The thread that wrote it has emptied it.
    batch.rows = 0;
    batch.rawBytes = 0;
    return batch;
  }

  submit(batch: EventBatch, job: BatchJob): void {
    const done = Atomics.load(this.counts, DONE);
    if (done === CLOSED) this.fail();
    if (this.submitted - done >= BACKLOG) {
      if (this.compression === undefined) {
        this.bodies.push(this.writer.write(batch, job));
        return;
      }
      // The other thread knows where the next one starts.
      this.wait(this.submitted - BACKLOG + 1);
      if (Atomics.load(this.counts, DONE) === CLOSED) this.fail();
    }
    this.told.push(this.bodies.push(0) - 1);
    this.port.postMessage(job);
    this.notify(++this.submitted);
  }

  drain(): readonly number[] {
    this.wait(this.submitted);
    if (Atomics.load(this.counts, DONE) === CLOSED) this.fail();
    this.notify(CLOSED);
    for (const place of this.told) this.bodies[place] = receiveMessageOnPort(this.port)?.message;
    return this.bodies;
  }

  close(): void {
    this.notify(CLOSED);
    // The thread may still be starting; then there is nothing to write.
    if (this.submitted > 0) this.wait(CLOSED);
  }

  private notify(submitted: number): void {
    Atomics.store(this.counts, SUBMITTED, submitted);
    Atomics.notify(this.counts, SUBMITTED);
  }

  /** Returns when this many batches are written, or when no more will be. */
  private wait(jobs: number): void {
    for (let done = 0; done < jobs; done = Atomics.load(this.counts, DONE)) Atomics.wait(this.counts, DONE, done);
  }

  /** Throws the reason why the other thread has ended. */
  private fail(): never {
    let failure: PoolFailure | undefined;
    for (let got = receiveMessageOnPort(this.port); got !== undefined; got = receiveMessageOnPort(this.port)) {
      if (typeof got.message !== 'number') failure = got.message;
    }
    const { message, stack, system } = failure ?? { message: 'the writing thread has ended', stack: '' };
    throw Object.assign(new Error(message), { stack }, system);
  }
}
