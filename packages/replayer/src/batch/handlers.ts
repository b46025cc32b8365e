import { KINDS, type KindName } from '@p2mtrace/trace-format';
import type { StatePart } from '../memory/state-image.js';
import type { ReplayBatch } from './replay-batch.js';

/** Applies one event to the state. The event has the columns that its kind requires. */
export type Handler = (batch: ReplayBatch, row: number) => void;
export type Handlers = Partial<Record<KindName, Handler>>;

/** A part of the state that events change. */
export interface EventState extends StatePart {
  readonly handlers: Handlers;
  /** Loss: nothing is known any more. `pcpu` is the one that lost records, -1 if any may have. */
  forget(pcpu: number): void;
  /** A new domain has this domid: nothing is known about it. */
  forgetDomain(domid: number): void;
}

/** The handler of each kind; undefined for kinds that change nothing. */
export function byKind(handlers: readonly Handlers[]): readonly (Handler | undefined)[] {
  const all: Handlers = Object.assign({}, ...handlers);
  return KINDS.map(({ name }) => all[name]);
}
