import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { LocalPool } from './batch-pool.js';
import type { TraceMetadata } from './metadata.js';
import { POOL_WORKER, SharedPool } from './shared-pool.js';
import { type BatchSink, TraceWriter } from './writer.js';

/**
 * A sink that writes the trace at `path`; a second thread helps where there is a second core.
 * `allocate`: gives the memory of the batches where it is to be someone else's too; zeroed, and of all threads.
 * @throws P2mError P2M_WRITE where the file can't be created
 */
export function openTraceSink(
  path: string,
  metadata: TraceMetadata,
  allocate = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes)),
): BatchSink {
  // From the TypeScript sources (tests) there is no worker to start; the file is the same either way.
  const isShared = availableParallelism() > 1 && existsSync(POOL_WORKER);
  const Pool = isShared ? SharedPool : LocalPool;
  return new TraceWriter(path, metadata, undefined, (fd, capacity) => new Pool(fd, capacity, allocate));
}
