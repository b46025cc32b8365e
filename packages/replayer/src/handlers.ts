import { KINDS, type KindName } from '@p2mtrace/trace-format';
import type { ReplayBatch } from './replay-batch.js';
import type { StatePart } from './state-image.js';

/** Applies one event to the state. The event has the columns that its kind must have. */
export type Handler = (batch: ReplayBatch, row: number) => void;
export type Handlers = Partial<Record<KindName, Handler>>;

/** A part of the state that events of rare kinds change. Those of the frequent ones are called by the Replayer itself. */
export interface EventState extends StatePart {
  readonly handlers: Handlers;
  /** Loss: nothing of it is known any more. `pcpu` is the one that lost records, -1 where any may have. */
  forget(pcpu: number): void;
  /** The domain is a new one: nothing of it is known. */
  forgetDomain(domid: number): void;
}

/** Hands events of any kind to whoever handles it; kinds that change nothing have nobody. */
export class Dispatch {
  private readonly handlers: readonly (Handler | undefined)[];

  constructor(handlers: readonly Handlers[]) {
    const all: Handlers = Object.assign({}, ...handlers);
    this.handlers = KINDS.map(({ name }) => all[name]);
  }

  apply(batch: ReplayBatch, row: number, kind: number): void {
    this.handlers[kind]?.(batch, row);
  }
}
