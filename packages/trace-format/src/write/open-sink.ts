import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Compression } from '../compress/codec.js';
import { BATCH_ROWS } from '../kernel/event-batch.js';
import { Kernel } from '../kernel/kernel.js';
import type { TraceMetadata } from '../schema/metadata.js';
import { type BatchPool, LocalPool } from './batch-pool.js';
import { chooserOf, type EventFilter } from './event-filter.js';
import { FilterSink } from './filter-sink.js';
import { POOL_WORKER, SharedPool } from './shared-pool.js';
import { type BatchSink, TraceWriter } from './writer.js';

/**
 * The pool of an import: a second thread helps if there is a second core. The thread takes a while to start, so a
 * caller with other work opens the pool first, and closes it if it opens no sink after all. @throws P2mError P2M_CODEC
 */
export function openPool(compression?: Compression): BatchPool {
  // The TypeScript sources (tests) have no worker to start; the file is the same either way.
  const isShared = availableParallelism() > 1 && existsSync(POOL_WORKER);
  return isShared ? new SharedPool(BATCH_ROWS, new Kernel(), compression) : new LocalPool(BATCH_ROWS, compression);
}

/**
 * A sink that writes the trace at `path`.
 * @throws P2mError P2M_OUTPUT, P2M_WRITE (usage) if the file can't be created
 */
export function openTraceSink(path: string, metadata: TraceMetadata, pool = openPool()): BatchSink {
  try {
    return new TraceWriter(path, metadata, BATCH_ROWS, pool);
  } catch (error) {
    pool.close();
    throw error;
  }
}

/** The same for those events only that the filter lets through. */
export function filtered(sink: BatchSink, filter: EventFilter | undefined): BatchSink | FilterSink {
  const choose = filter && chooserOf(filter);
  return choose === undefined ? sink : new FilterSink(sink, choose);
}

/** The metadata of a complete import, which say what the filter has left out of it. */
export function withOrigin<M extends TraceMetadata>(metadata: M, sink: BatchSink, filter: EventFilter | undefined): M {
  const piece = sink instanceof FilterSink ? sink.origin(metadata.source, filter ?? {}) : undefined;
  return piece === undefined ? metadata : { ...metadata, piece };
}
