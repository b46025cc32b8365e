import type { TraceReader } from '@p2mtrace/trace-format';

/** The model applies events as they were recorded; what other orders explain has tests of its own (order/). */
export function inRecordedOrder(reader: TraceReader): TraceReader {
  const { health } = reader.metadata;
  if (health === undefined) throw new Error('an imported capture has a health report');
  const order = { ...health.order, confidence: 'approximate' } as const;
  reader.metadata = { ...reader.metadata, health: { ...health, order } };
  return reader;
}
