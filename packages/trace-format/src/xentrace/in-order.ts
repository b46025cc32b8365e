import type { LockOverlaps } from '../order/lock-overlaps.js';
import type { TraceMetadata } from '../schema/metadata.js';

/** Corrects the order of a complete import, as far as possible, if its locks show that clocks are apart. */
export async function inOrder(path: string, metadata: TraceMetadata, { count }: LockOverlaps): Promise<TraceMetadata> {
  if (count === 0 || lacksLocks(metadata)) return metadata;
  const { correctSkew } = await import('../order/correct-skew.js');
  return correctSkew(path, metadata, count);
}

/** Says that the order was not corrected, if locks overlap of which a filter has left out some. */
export function sayUncorrected(metadata: TraceMetadata, { count }: LockOverlaps): TraceMetadata {
  const { health } = metadata;
  if (health === undefined || count === 0 || !lacksLocks(metadata)) return metadata;
  const order = { ...health.order, confidence: 'contradictory' as const, overlaps: count };
  return { ...metadata, health: { ...health, order } };
}

/** True if what is left of the locks can't tell how far clocks are apart. */
function lacksLocks({ piece }: TraceMetadata): boolean {
  return ['lock_acquire', 'lock_release'].some(kind => piece?.incomplete?.includes(kind) === true);
}
