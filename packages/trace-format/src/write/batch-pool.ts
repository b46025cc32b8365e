import { BatchBlock } from '../kernel/batch-block.js';
import type { EventBatch } from '../kernel/event-batch.js';
import { Kernel } from '../kernel/kernel.js';
import type { BatchJob } from './batch-job.js';
import { BatchWriter } from './batch-writer.js';

/** Lends batches to fill, and has them written to their file. Every call throws the system's error if a write has failed. */
export interface BatchPool {
  /** All batches of the pool. */
  readonly block: BatchBlock;
  /** An empty batch. */
  acquire(): EventBatch;
  /** Takes the batch back and has it written, now or later. */
  submit(batch: EventBatch, job: BatchJob): void;
  /** Returns when all batches are written; no more may follow. */
  drain(): void;
  /** Drops what is not written yet; returns when no thread writes any more. */
  close(): void;
}

/** Has a single batch, and writes it at once. */
export class LocalPool implements BatchPool {
  readonly block: BatchBlock;
  private readonly writer = new BatchWriter();

  constructor(capacity: number, kernel = new Kernel()) {
    this.block = new BatchBlock(capacity, 1, kernel);
  }

  acquire(): EventBatch {
    return this.block.batches[0];
  }

  submit(batch: EventBatch, job: BatchJob): void {
    this.writer.write(batch, job);
  }

  drain(): void {}

  close(): void {}
}
