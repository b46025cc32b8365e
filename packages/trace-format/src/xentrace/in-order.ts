import type { LockOverlaps } from '../order/lock-overlaps.js';
import type { TraceMetadata } from '../schema/metadata.js';

/** A finished import whose locks show that clocks are apart is put in order, as far as that is possible. */
export async function inOrder(
  output: string,
  metadata: TraceMetadata,
  { count }: LockOverlaps,
): Promise<TraceMetadata> {
  if (count === 0) return metadata;
  const { correctSkew } = await import('../order/correct-skew.js');
  return correctSkew(output, metadata, count);
}
