import { setImmediate } from 'node:timers/promises';
import { EventReader, type Replay, type Search, type StateView, type Subject } from '@p2mtrace/replayer';
import { P2mError, type TraceReader, usageError } from '@p2mtrace/trace-format';
import { eventLine } from '../render/fields.js';
import type { Terminal } from '../terminal.js';
import { visible } from '../text/visible.js';

type WithSecond = (work: (second: Replay) => Promise<void>) => Promise<void>;

/** The user's position in a trace, and the last condition. */
export class Session {
  readonly trace: Replay;
  readonly out: Terminal;
  readonly events: EventReader;
  /** The state shown is the one after this event; one before the first event if nothing has happened yet. */
  at: number;
  /** What `next` and `watch` repeat if they have no argument. */
  condition: string | undefined;
  subject: Subject | undefined;
  /** True once the user wants to leave. */
  isDone = false;
  /** Opens the trace once more, for work that needs a second state. */
  readonly withSecond: WithSecond;
  private isInterrupted = false;

  constructor(trace: Replay, out: Terminal, withSecond: WithSecond) {
    this.trace = trace;
    this.out = out;
    this.withSecond = withSecond;
    this.events = new EventReader(trace.reader);
    this.at = trace.start;
  }

  get reader(): TraceReader {
    return this.trace.reader;
  }

  /** The state at the position of the session; valid until the next search. */
  state(): StateView {
    return this.trace.at(this.at);
  }

  async print(line: string): Promise<void> {
    await this.out.write(`${visible(line)}\n`);
  }

  /** Goes to an event and shows it. */
  async goTo(seq: number): Promise<void> {
    this.at = seq;
    await this.print(this.eventLine(seq));
  }

  eventLine(seq: number): string {
    return eventLine(this.events.at(seq));
  }

  /** Runs a search, in steps between which it can be stopped. @throws P2mError P2M_INTERRUPTED (usage) */
  async search(search: Search): Promise<number | undefined> {
    this.isInterrupted = false;
    for (;;) {
      const step = search.next();
      if (step.done === true) return step.value;
      await setImmediate();
      if (this.isInterrupted) {
        throw new P2mError('P2M_INTERRUPTED', `stopped at event ${step.value}; still at ${this.place}`);
      }
    }
  }

  /** Stops the running search. */
  interrupt(): void {
    this.isInterrupted = true;
  }

  /** `#120`, or `start`. */
  get place(): string {
    return this.at === this.trace.start ? 'start' : `#${this.at}`;
  }
}

/** Error of a command that found nothing to go to. */
export function notFound(what: string): P2mError {
  return usageError('P2M_NOT_FOUND', what);
}
