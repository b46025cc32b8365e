import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { TraceMetadata } from './metadata.js';
import { POOL_WORKER, SharedPool } from './shared-pool.js';
import { type BatchSink, TraceWriter } from './writer.js';

/**
 * A sink that writes the trace at `path`; a second thread helps where there is a second core.
 * @throws P2mError P2M_WRITE where the file can't be created
 */
export function openTraceSink(path: string, metadata: TraceMetadata): BatchSink {
  // From the TypeScript sources (tests) there is no worker to start; the file is the same either way.
  const isShared = availableParallelism() > 1 && existsSync(POOL_WORKER);
  return new TraceWriter(path, metadata, undefined, isShared ? (...args) => new SharedPool(...args) : undefined);
}
