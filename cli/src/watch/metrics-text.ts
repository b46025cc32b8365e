import { OpenMetrics } from '../text/openmetrics-text.js';
import type { WatchNumbers } from './numbers.js';

/** The numbers as OpenMetrics text. */
export function metricsText(n: WatchNumbers, residentBytes: number): string {
  const out = new OpenMetrics();
  out.counter('read_bytes', 'Bytes of the stream.', n.bytes);
  out.counter('events', 'Events of the stream that are in order.', n.events);
  out.counter('lost_records', 'Records that xentrace lost.', n.lostRecords);
  out.counter('losses', 'Stretches of lost records.', n.losses);
  out.counter('late_records', 'Records that came too late for their place.', n.late);
  out.counter(
    'findings',
    'Findings that were told.',
    Object.entries(n.told).map(([severity, value]) => [value, { severity }] as const),
  );
  out.counter('known_findings', 'Findings that a baseline or a suppression has.', n.known);
  out.counter('saved_findings', 'Findings of which the events were saved.', n.saved);
  out.counter('unsaved_findings', 'Findings of which the events could not be saved.', n.notSaved);
  out.counter('undelivered', 'Tellings that did not arrive.', n.notDelivered);
  out.gauge('waiting_bytes', 'Bytes of windows that wait for later ones.', n.heldBytes);
  out.gauge('pieces', 'Pieces that are kept.', n.pieces);
  out.gauge('piece_bytes', 'Bytes of the pieces that are kept.', n.pieceBytes);
  out.gauge('last_event_timestamp_seconds', 'When the last event came; 0 for none.', n.lastEventAt / 1000);
  out.gauge('resident_memory_bytes', 'Memory of the process.', residentBytes);
  return out.text;
}
