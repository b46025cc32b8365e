import { OpenMetrics } from '../text/openmetrics-text.js';
import { type AuditNumbers, TIME_BOUNDS } from './audit-numbers.js';

/** How far it is at this moment. */
export interface Now {
  /** Traces that wait or are being judged; of a worker, that it judges. */
  readonly open: number;
  readonly eventsPerSecond: number;
}

/** What an audit, or a worker, has seen, as OpenMetrics text. */
export function auditMetrics(n: AuditNumbers, { open, eventsPerSecond }: Now, residentBytes: number): string {
  const out = new OpenMetrics();
  out.counter('traces', 'Traces by what became of them.', [
    [n.judged, { outcome: 'judged' }],
    [n.kept, { outcome: 'kept' }],
    [n.failed, { outcome: 'failed' }],
  ]);
  out.counter('events', 'Events of the traces.', n.events);
  out.counter('lost_records', 'Records that xentrace lost.', n.lostRecords);
  out.counter(
    'findings',
    'Findings in the traces, known ones too.',
    n.byRule.map(({ rule, severity, count }) => [count, { rule, severity }] as const),
  );
  out.histogram('trace_seconds', 'How long a trace took.', TIME_BOUNDS, n.times, n.seconds);
  out.gauge('open_traces', 'Traces that are not done.', open);
  out.gauge('events_per_second', 'Events judged a second, by the last minute.', eventsPerSecond);
  out.gauge('resident_memory_bytes', 'Memory of the process.', residentBytes);
  return out.text;
}
