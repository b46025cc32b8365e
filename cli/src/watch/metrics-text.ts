import type { WatchNumbers } from './numbers.js';

type Sample = readonly [suffix: string, value: number];

/** The numbers as OpenMetrics text (openmetrics.io, version 1.0.0). */
export function metricsText(n: WatchNumbers, residentBytes: number): string {
  const lines: string[] = [];
  const family = (name: string, type: string, help: string, samples: readonly Sample[]) => {
    lines.push(`# TYPE p2mtrace_${name} ${type}`, `# HELP p2mtrace_${name} ${help}`);
    for (const [suffix, value] of samples) lines.push(`p2mtrace_${name}${suffix} ${value}`);
  };
  const counter = (name: string, help: string, value: number) => family(name, 'counter', help, [['_total', value]]);
  const gauge = (name: string, help: string, value: number) => family(name, 'gauge', help, [['', value]]);
  counter('read_bytes', 'Bytes of the stream.', n.bytes);
  counter('events', 'Events of the stream that are in order.', n.events);
  counter('lost_records', 'Records that xentrace lost.', n.lostRecords);
  counter('losses', 'Stretches of lost records.', n.losses);
  counter('late_records', 'Records that came too late for their place.', n.late);
  family(
    'findings',
    'counter',
    'Findings that were told.',
    Object.entries(n.told).map(([severity, value]): Sample => [`_total{severity="${severity}"}`, value]),
  );
  counter('known_findings', 'Findings that a baseline or a suppression has.', n.known);
  counter('saved_findings', 'Findings of which the events were saved.', n.saved);
  counter('unsaved_findings', 'Findings of which the events could not be saved.', n.notSaved);
  counter('undelivered', 'Tellings that did not arrive.', n.notDelivered);
  gauge('waiting_bytes', 'Bytes of windows that wait for later ones.', n.heldBytes);
  gauge('pieces', 'Pieces that are kept.', n.pieces);
  gauge('piece_bytes', 'Bytes of the pieces that are kept.', n.pieceBytes);
  gauge('last_event_timestamp_seconds', 'When the last event came; 0 for none.', n.lastEventAt / 1000);
  gauge('resident_memory_bytes', 'Memory of the process.', residentBytes);
  return `${lines.join('\n')}\n# EOF\n`;
}
