import { EventReader } from '../events/event-reader.js';
import type { Subject } from '../events/subject.js';
import { doersOf } from '../history/doers.js';
import { eventRow, type HistoryRow } from '../history/history.js';
import type { Replay } from '../replay.js';
import { backToChange } from './changes.js';
import { found } from './search.js';
import { gfnEntry } from './subject-state.js';

/**
 * The last event before `seq` that wrote a gfn's entry (in its view, or the host's), or that changed a lock or an mfn's
 * page, mappings or M2P; empty if the trace shows no such event. Moves the replay.
 * @throws P2mError P2M_SUBJECT, P2M_VIEW, P2M_POSITION (usage), P2M_DAMAGED
 */
export function lastWriteBefore(replay: Replay, subject: Subject, seq: number): HistoryRow[] {
  const at = Math.min(seq - 1, replay.end);
  const written = subject.about === 'gfn' ? entryWriter(replay, subject, at) : undefined;
  const last = written ?? found(backToChange(replay, subject, at));
  if (last === undefined) return [];
  return [eventRow(new EventReader(replay.reader), last, doersOf(replay.reader, [last]).get(last) ?? null)];
}

/** An entry may have been written with the value it had, which is no change. */
function entryWriter(replay: Replay, { domid, gfn, view = 'host' }: Extract<Subject, { about: 'gfn' }>, at: number) {
  return gfnEntry(replay.at(at), domid, view, gfn).set_seq ?? undefined;
}
