import { EventReader, type Replay } from '@p2mtrace/replayer';
import type { Terminal } from '../terminal.js';
import { eventLine } from './fields.js';
import { heading } from './rule-text.js';

/** The events with these seqs, marked, and up to `around` before and after each; what lies between is left out. */
export function* eventsAround(
  { reader, start, end }: Replay,
  seqs: readonly number[],
  around: number,
  out: Terminal,
): Generator<string> {
  if (around === 0 || seqs.length === 0) return;
  const shown = new Set<number>();
  for (const seq of seqs) {
    for (let near = Math.max(start + 1, seq - around); near <= Math.min(end, seq + around); near++) shown.add(near);
  }
  const events = new EventReader(reader);
  yield* heading('Events around it', out);
  let last: number | undefined;
  for (const seq of [...shown].sort((a, b) => a - b)) {
    if (last !== undefined && seq > last + 1) yield '  …';
    yield `${seqs.includes(seq) ? '>' : ' '} ${eventLine(events.at(seq))}`;
    last = seq;
  }
}
