import { existsSync } from 'node:fs';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { P2mError } from './errors.js';
import { BATCH_ROWS, EventBatch } from './event-batch.js';
import type { TraceMetadata } from './metadata.js';
import { createPartial } from './output-file.js';
import type { BatchSink, NewNames } from './writer.js';

/** States of a slot, and of the whole writer in the word behind the slots. */
export const SLOT_FREE = 0;
const SLOT_FULL = 1;
export const FINISHED = 2;
export const FAILED = 3;
/** Batches under way at most: the importer runs ahead while the worker starts. */
const SLOTS = 8;

export interface SealWorkerData {
  readonly path: string;
  /** The open file: descriptors belong to the process, not to a thread. */
  readonly fd: number;
  readonly metadata: TraceMetadata;
  readonly capacity: number;
  readonly slots: SharedArrayBuffer[];
  readonly control: SharedArrayBuffer;
  readonly errors: MessagePort;
}

export type SealRequest =
  | { do: 'append'; slot: number; rows: number; rawBytes: number; names: NewNames }
  | { do: 'finish'; metadata: TraceMetadata }
  | { do: 'abort' };

const WORKER = new URL('./seal-worker.js', import.meta.url);

/**
 * A TraceWriter on a second thread: the caller fills one batch while others are sealed and written.
 * All calls are synchronous; a failed write is thrown by the next of them.
 */
class WorkerSink implements BatchSink {
  private readonly worker: Worker;
  private readonly control: Int32Array;
  private readonly batches: EventBatch[];
  private readonly errors: MessagePort;
  private next = 0;
  private done = false;

  constructor(path: string, metadata: TraceMetadata, capacity: number, fd: number) {
    const slots = Array.from({ length: SLOTS }, () => new SharedArrayBuffer(EventBatch.bytes(capacity)));
    this.batches = slots.map(memory => new EventBatch(capacity, memory));
    const control = new SharedArrayBuffer((SLOTS + 1) * 4);
    this.control = new Int32Array(control);
    const { port1, port2 } = new MessageChannel();
    this.errors = port1;
    const workerData: SealWorkerData = { path, fd, metadata, capacity, slots, control, errors: port2 };
    // The worker closes a file that it did not open; keeping books on that, Node would warn of it.
    this.worker = new Worker(WORKER, { workerData, transferList: [port2], trackUnmanagedFds: false });
    this.worker.unref();
    port1.unref();
  }

  acquire(): EventBatch {
    const slot = this.next;
    this.next = (this.next + 1) % SLOTS;
    Atomics.wait(this.control, slot, SLOT_FULL);
    this.check();
    const batch = this.batches[slot];
    batch.rows = 0;
    batch.rawBytes = 0;
    return batch;
  }

  submit(batch: EventBatch, names: NewNames): void {
    const slot = this.batches.indexOf(batch);
    // Done here, while the masks are in this core's cache; the two threads have about equal work that way.
    batch.fillBitmaps();
    Atomics.store(this.control, slot, SLOT_FULL);
    this.post({ do: 'append', slot, rows: batch.rows, rawBytes: batch.rawBytes, names });
  }

  finish(metadata: TraceMetadata): void {
    this.end({ do: 'finish', metadata });
    this.check();
  }

  abort(): void {
    if (!this.done) this.end({ do: 'abort' });
  }

  private end(request: SealRequest): void {
    this.done = true;
    this.post(request);
    Atomics.wait(this.control, SLOTS, 0);
  }

  private post(request: SealRequest): void {
    if (Atomics.load(this.control, SLOTS) !== FAILED) this.worker.postMessage(request);
  }

  private check(): void {
    if (Atomics.load(this.control, SLOTS) !== FAILED) return;
    this.done = true;
    const received = receiveMessageOnPort(this.errors) as { message: { message: string } } | undefined;
    throw new P2mError('P2M_WRITE', `the trace could not be written: ${received?.message.message}`, {
      blame: 'usage',
      remedy: 'make room on the disk or name another file',
    });
  }
}

/**
 * A sink that writes the trace at `path`, on a thread of its own where the compiled worker exists.
 * @throws P2mError P2M_WRITE where the file can't be created
 */
export async function openTraceSink(path: string, metadata: TraceMetadata, capacity = BATCH_ROWS): Promise<BatchSink> {
  // From the TypeScript sources (tests) there is no worker to start; the file is the same either way.
  if (!existsSync(WORKER)) {
    const { TraceWriter } = await import('./writer.js');
    return new TraceWriter(path, metadata, capacity);
  }
  // What the worker could only report later is better known now.
  return new WorkerSink(path, metadata, capacity, createPartial(path));
}
