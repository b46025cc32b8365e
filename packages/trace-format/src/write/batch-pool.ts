import type { Compression } from '../compress/codec.js';
import { BatchBlock } from '../kernel/batch-block.js';
import type { EventBatch } from '../kernel/event-batch.js';
import { Kernel } from '../kernel/kernel.js';
import type { BatchJob } from './batch-job.js';
import { BatchWriter } from './batch-writer.js';

/** Lends batches to fill, and has them written to their file. Every call throws the system's error if a write has failed. */
export interface BatchPool {
  /** What its batches are compressed with. */
  readonly compression: Compression | undefined;
  /** All batches of the pool. */
  readonly block: BatchBlock;
  /** An empty batch. */
  acquire(): EventBatch;
  /** Takes the batch back and has it written, now or later. */
  submit(batch: EventBatch, job: BatchJob): void;
  /** Returns when all batches are written, with the length of each body; no more may follow. */
  drain(): readonly number[];
  /** Drops what is not written yet; returns when no thread writes any more. */
  close(): void;
}

/** Has a single batch, and writes it at once. */
export class LocalPool implements BatchPool {
  readonly block: BatchBlock;
  readonly compression: Compression | undefined;
  private readonly writer: BatchWriter;
  private readonly bodies: number[] = [];

  /** @throws P2mError P2M_CODEC */
  constructor(capacity: number, compression?: Compression, block = new BatchBlock(capacity, 1, new Kernel())) {
    this.compression = compression;
    this.writer = new BatchWriter(compression);
    this.block = block;
  }

  acquire(): EventBatch {
    return this.block.batches[0];
  }

  submit(batch: EventBatch, job: BatchJob): void {
    this.bodies.push(this.writer.write(batch, job));
  }

  drain(): readonly number[] {
    return this.bodies;
  }

  close(): void {}
}
