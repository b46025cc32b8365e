import type { LockOverlaps } from '../order/lock-overlaps.js';
import type { TraceMetadata } from '../schema/metadata.js';

/** Corrects the order of a complete import, as far as possible, if its locks show that clocks are apart. */
export async function inOrder(path: string, metadata: TraceMetadata, { count }: LockOverlaps): Promise<TraceMetadata> {
  if (count === 0) return metadata;
  const { correctSkew } = await import('../order/correct-skew.js');
  return correctSkew(path, metadata, count);
}
