import { EventReader, type TraceEvent } from '../events/event-reader.js';
import { type Doer, doersOf } from '../history/doers.js';
import type { Replay } from '../replay.js';

/** An event's part in how a value came about. */
export interface Reason {
  readonly seq: number;
  /** `wrote the entry`, `allocated the mfn`, … */
  readonly role: string;
  readonly event: TraceEvent;
  readonly by: Doer;
}

/** Collects the events of an explanation with their roles. */
export class Reasons {
  readonly replay: Replay;
  readonly events: EventReader;
  readonly notes: string[] = [];
  private readonly roles = new Map<number, string>();

  constructor(replay: Replay) {
    this.replay = replay;
    this.events = new EventReader(replay.reader);
  }

  add(seq: number | null | undefined, role: string): void {
    if (seq === null || seq === undefined) return;
    const before = this.roles.get(seq);
    this.roles.set(seq, before === undefined || before === role ? role : `${before}; ${role}`);
  }

  /** Adds the innermost lock that was held at the event. */
  addLockOf(seq: number, role: string): void {
    const event = this.events.at(seq);
    if (typeof event?.pcpu !== 'number') return;
    this.add(
      this.replay
        .at(seq - 1)
        .replayer.locks.heldBy(event.pcpu)
        .at(-1)?.seq,
      role,
    );
  }

  list(): Reason[] {
    const doers = doersOf(this.replay.reader, this.roles.keys());
    return [...this.roles]
      .sort(([a], [b]) => a - b)
      .map(([seq, role]) => ({ seq, role, event: this.events.at(seq) as TraceEvent, by: doers.get(seq) as Doer }));
  }
}
