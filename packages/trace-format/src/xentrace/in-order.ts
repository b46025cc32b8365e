import type { LockOverlaps } from '../order/lock-overlaps.js';
import type { TraceMetadata } from '../schema/metadata.js';

/** Corrects the order of a finished import, as far as possible, if its locks show that clocks are apart. */
export async function inOrder(
  output: string,
  metadata: TraceMetadata,
  { count }: LockOverlaps,
): Promise<TraceMetadata> {
  if (count === 0) return metadata;
  const { correctSkew } = await import('../order/correct-skew.js');
  return correctSkew(output, metadata, count);
}
