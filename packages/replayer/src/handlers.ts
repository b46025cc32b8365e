import { isValid, KINDS, type KindName } from '@p2mtrace/trace-format';
import type { ReplayBatch, StateColumn } from './replay-batch.js';
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

/** By kind: the columns that such an event must have. */
const NEEDS: readonly (readonly StateColumn[])[] = KINDS.map(({ needs, args }) => {
  return needs.map(name => {
    const arg = args?.findIndex(candidate => candidate.split(':')[0] === name) ?? -1;
    return (arg < 0 ? name : `arg${arg}`) as StateColumn;
  });
});

/** The event has what its kind must have. */
export function isWhole(batch: ReplayBatch, row: number, kind: number): boolean {
  for (const column of NEEDS[kind]) if (!isValid(batch.validity[column], row)) return false;
  return true;
}

/** By kind: the validity bitmaps of the columns that such an event must have. */
export function neededBitmaps({ validity }: ReplayBatch): readonly (readonly Uint8Array[])[] {
  return NEEDS.map(columns => columns.map(column => validity[column]));
}

/** An event that lacks what its kind must have changes nothing. */
export function hasAll(needed: readonly Uint8Array[], row: number): boolean {
  for (let i = 0; i < needed.length; i++) if (!isValid(needed[i], row)) return false;
  return true;
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
