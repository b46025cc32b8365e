import type { TraceEvent } from '@p2mtrace/replayer';
import { hex } from '@p2mtrace/trace-format';
import { cellText } from './cell.js';

/** Columns whose numbers are frames, written in hex. */
const FRAMES = new Set(['gfn', 'mfn', 'm2p']);

/** `gfn=0x10 p2m_type=ram_rw flags=failed`: fields without a value are left out, or written as `absent` if given. */
export function fieldsText(fields: Readonly<Record<string, unknown>>, absent?: string): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const isAbsent = value === null || value === undefined || (Array.isArray(value) && value.length === 0);
    if (!isAbsent) parts.push(`${name}=${fieldText(name, value)}`);
    else if (absent !== undefined) parts.push(`${name}=${absent}`);
  }
  return parts.join(' ');
}

function fieldText(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.join('+');
  return FRAMES.has(name) && typeof value === 'number' ? hex(value) : cellText(value);
}

/** The same with frames in hex, for JSON. */
export function withHexFrames(fields: Readonly<Record<string, unknown>> | null): Record<string, unknown> | null {
  if (fields === null) return null;
  const entries = Object.entries(fields).map(([name, value]) => {
    return [name, FRAMES.has(name) && typeof value === 'number' ? hex(value) : value];
  });
  return Object.fromEntries(entries);
}

/** When and by whom an event was recorded: shown separately from what it did. */
const CONTEXT = new Set(['seq', 'kind', 'tsc', 'tsc_own', 'pcpu', 'cur_domid', 'cur_vcpu', 'caller', 'symbol']);

/** `domid=1 gfn=0x10 …`: what an event did. */
function doneText(event: TraceEvent): string {
  return fieldsText(Object.fromEntries(Object.entries(event).filter(([name]) => !CONTEXT.has(name))));
}

/** `#120 set_entry domid=1 gfn=0x10 …`. */
export function eventText(event: TraceEvent): string {
  return `#${event.seq} ${event.kind} ${doneText(event)}`.trimEnd();
}

/** The same with its pcpu; for undefined, that nothing has happened yet. */
export function eventLine(event: TraceEvent | undefined): string {
  if (event === undefined) return 'start: nothing has happened yet';
  return `${eventText(event)}${event.pcpu === undefined ? '' : `  [pcpu ${event.pcpu}]`}`;
}
