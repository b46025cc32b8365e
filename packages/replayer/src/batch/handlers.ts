import { KINDS, type KindName } from '@p2mtrace/trace-format';
import type { StatePart } from '../memory/state-image.js';
import type { ReplayBatch } from './replay-batch.js';

/** Applies one event to the state. The event has the columns that its kind must have. */
export type Handler = (batch: ReplayBatch, row: number) => void;
export type Handlers = Partial<Record<KindName, Handler>>;

/** A part of the state that events change. */
export interface EventState extends StatePart {
  readonly handlers: Handlers;
  /** Loss: nothing of it is known any more. `pcpu` is the one that lost records, -1 where any may have. */
  forget(pcpu: number): void;
  /** The domain is a new one: nothing of it is known. */
  forgetDomain(domid: number): void;
}

/** Who handles each kind; kinds that change nothing have nobody. */
export function byKind(handlers: readonly Handlers[]): readonly (Handler | undefined)[] {
  const all: Handlers = Object.assign({}, ...handlers);
  return KINDS.map(({ name }) => all[name]);
}
