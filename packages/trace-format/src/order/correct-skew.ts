import { TraceReader } from '../read/reader.js';
import type { ImportHealth, TraceMetadata } from '../schema/metadata.js';
import { clockSkew } from './clock-skew.js';
import { lockHolds } from './lock-holds.js';
import { shiftClocks } from './shifted-trace.js';

/**
 * For a complete import in which two pcpus held a lock at once: finds out how far the pcpus' clocks are apart, rewrites
 * the trace with corrected TSCs and records that in its health. If no correction fits, records that.
 * Returns the trace's metadata as it is now. @throws P2mError P2M_DAMAGED, P2M_WRITE
 */
export function correctSkew(path: string, metadata: TraceMetadata, overlaps: number): TraceMetadata {
  const { health } = metadata;
  if (health === undefined) return metadata;
  const reader = TraceReader.open(path);
  try {
    const { corrected, contradictory } = clockSkew(lockHolds(reader));
    // Records known to be lost explain it as well.
    if (corrected.length + contradictory.length === 0 && health.lost.length > 0) return metadata;
    const offsets = new Map(corrected.map(({ pcpu, ticks }) => [pcpu, ticks]));
    const confidence = corrected.length > 0 && contradictory.length === 0 ? 'corrected' : 'contradictory';
    const order: ImportHealth['order'] = {
      ...health.order,
      confidence: health.order.confidence === 'approximate' ? 'approximate' : confidence,
      overlaps,
      ...(corrected.length > 0 ? { skew: [...corrected] } : {}),
      ...(contradictory.length > 0 ? { contradictory: contradictory.map(([a, b]) => [a, b]) } : {}),
    };
    const lost = health.lost.map(loss => ({ ...loss, ...shiftedTscs(loss, offsets.get(loss.pcpu) ?? 0) }));
    const changed = { ...metadata, health: { ...health, lost, order } };
    shiftClocks(reader, offsets, changed);
    return changed;
  } finally {
    reader.close();
  }
}

function shiftedTscs({ firstTsc, tsc }: ImportHealth['lost'][number], ticks: number) {
  const shifted = (text: string) => (BigInt(text) + BigInt(ticks)).toString();
  return { firstTsc: shifted(firstTsc), tsc: shifted(tsc) };
}
