import { allOf } from '../events/combine-filters.js';
import { columnIs } from '../events/compare-column.js';
import { type EventFilter, firstMatch, matchingEvents } from '../events/event-filter.js';
import type { TraceEvent } from '../events/event-reader.js';
import { ofKinds } from '../events/of-kinds.js';
import { touching } from '../events/touching.js';
import type { Reasons } from './reasons.js';
import { holdersOf, type SubjectState } from './subject-state.js';

/** Most acquisitions that are explained: where releases are missing, a pcpu seems to hold a lock again and again. */
const EXPLAINED = 8;

type LockStateOfSubject = Extract<SubjectState, { about: 'lock' }>;

/** Who holds the lock and since when, whom each waited for, and who waits now; for a free lock, who had it last. */
export function whyLock(reasons: Reasons, { lock, holders }: LockStateOfSubject, at: number): void {
  const { reader } = reasons.replay;
  const events = allOf([
    ofKinds('lock_wait', 'lock_acquire', 'lock_release'),
    touching(reader.names, { about: 'lock', lock }),
  ]);
  const index = reader.names.lock.indexOf(lock);
  const left = holders.length - EXPLAINED;
  if (left > 0) reasons.notes.push(`${left} acquisitions before these are not explained: releases may be missing`);
  for (const { pcpu, since_seq } of holders.slice(-EXPLAINED)) {
    reasons.add(since_seq, 'took it');
    // A lock taken again is held under itself.
    if (pcpu !== holders.find(({ since_seq: seq }) => seq < since_seq)?.pcpu) {
      reasons.addLockOf(since_seq, 'took another lock, held then');
    }
    addWait(reasons, events, index, pcpu, since_seq);
  }
  if (holders.length === 0) addLastHolder(reasons, events, index, at);
  addWaiters(reasons, events, Math.min(...holders.map(({ since_seq }) => since_seq), at), at);
}

/** If the holder had to wait: since when, who had the lock then, and how it was released. */
function addWait(reasons: Reasons, events: EventFilter, index: number, pcpu: number, taken: number): void {
  const { replay } = reasons;
  const own = allOf([columnIs('pcpu', '==', BigInt(pcpu)), events]);
  const waited = firstMatch(replay.reader, own, { to: taken }, 'backward');
  if (waited === undefined || reasons.events.at(waited)?.kind !== 'lock_wait') return;
  reasons.add(waited, 'waited for it');
  for (const holder of holdersOf(replay.at(waited), index).slice(-EXPLAINED)) {
    reasons.add(holder.since_seq, 'had it then');
    const theirs = allOf([ofKinds('lock_release'), columnIs('pcpu', '==', BigInt(holder.pcpu)), events]);
    reasons.add(firstMatch(replay.reader, theirs, { from: waited, to: taken }, 'backward'), 'let it go');
  }
}

function addLastHolder(reasons: Reasons, events: EventFilter, index: number, at: number): void {
  const { replay } = reasons;
  const released = firstMatch(replay.reader, allOf([ofKinds('lock_release'), events]), { to: at + 1 }, 'backward');
  if (released === undefined) {
    reasons.notes.push('nobody has been seen to take it');
    return;
  }
  reasons.add(released, 'let it go last');
  const { pcpu } = reasons.events.at(released) as TraceEvent;
  const before = holdersOf(replay.at(released - 1), index).filter(holder => holder.pcpu === pcpu);
  reasons.add(before.at(-1)?.since_seq, 'had taken it');
}

/** Waiters: a lock_wait that no lock_acquire has followed. */
function addWaiters(reasons: Reasons, events: EventFilter, from: number, at: number): void {
  const waits = new Map<unknown, number>();
  for (const seq of matchingEvents(reasons.replay.reader, events, { from, to: at + 1 })) {
    const { kind, pcpu } = reasons.events.at(seq) as TraceEvent;
    if (kind === 'lock_wait') waits.set(pcpu, seq);
    else if (kind === 'lock_acquire') waits.delete(pcpu);
  }
  for (const seq of waits.values()) reasons.add(seq, 'waits for it');
}
