import {
  type EventFilter,
  firstMatch,
  parseExpression,
  parsePosition,
  resolvePosition,
  type StateView,
  stateOf,
  why,
} from '@p2mtrace/replayer';
import { usageError } from '@p2mtrace/trace-format/errors';
import type { EventRow, Found, Thing } from '@p2mtrace/ui';
import { isP2mError } from '../exit.js';
import { eventsOf, type Looked, lookedText, parseLooked, THINGS } from './looked.js';
import type { TraceModel } from './trace-model.js';

/** Most locks that are told: where releases are missing, there seem to be more. */
const HELD = 64;

/** The state of a thing at a point, with the events that it names. @throws P2mError P2M_SUBJECT, P2M_VIEW (usage) */
export function thingAnswer(model: TraceModel, text: string, seq: number): Thing {
  const looked = parseLooked(text);
  const state = stateHere(model, looked, seq);
  return { about: lookedText(looked), seq: model.at(seq).seq, state, events: eventsIn(model, state) };
}

function stateHere(model: TraceModel, looked: Looked, seq: number): unknown {
  const view = model.at(seq);
  switch (looked.about) {
    case 'domain':
      return { about: 'domain', p2ms: view.p2mSummaries({ domid: looked.domid }), owned: ownedBy(view, looked.domid) };
    case 'pcpu': {
      const { pcpu } = looked;
      const held = view.held(pcpu, HELD);
      return { about: 'pcpu', ...view.running(pcpu), held, last_seq: lastOf(model, looked, view.seq) };
    }
    case 'site':
      return { about: 'site', last_seq: lastOf(model, looked, view.seq) };
    default:
      return stateOf(model.reader, looked)(view);
  }
}

/** The last event of a pcpu or call site up to a point; null for none. */
const lastOf = (model: TraceModel, looked: Looked, seq: number): number | null =>
  firstMatch(model.reader, eventsOf(model.reader.names, looked), { to: seq + 1 }, 'backward') ?? null;

/** Frames whose known owner is the domain. */
function ownedBy({ replayer }: StateView, domid: number): number {
  let owned = 0;
  replayer.pages.forEach((_, slot) => {
    if (replayer.ownerOf(slot) === domid) owned++;
  });
  return owned;
}

/** Events named by `…_seq` fields. */
function eventsIn(model: TraceModel, state: unknown): Readonly<Record<string, EventRow>> {
  const events: Record<string, EventRow> = {};
  JSON.stringify(state, (name, value: unknown) => {
    if (name.endsWith('seq') && typeof value === 'number' && value >= 0) {
      const event = model.event(value);
      if (event !== undefined) events[value] = event;
    }
    return typeof value === 'bigint' ? String(value) : value;
  });
  return events;
}

/** Why a thing is as it is. @throws P2mError P2M_SUBJECT (usage) */
export function whyAnswer(model: TraceModel, text: string, seq: number) {
  const looked = parseLooked(text);
  if (looked.about === 'pcpu' || looked.about === 'site') {
    throw usageError('P2M_SUBJECT', `${text} has no state to explain`, 'ask of a gfn, an mfn or a lock');
  }
  return why(model.replay, looked, model.at(seq).seq);
}

/** The next event that touches a thing. @throws P2mError P2M_SUBJECT, P2M_VIEW (usage) */
export const nextTouching = (model: TraceModel, text: string, seq: number, back: boolean): Found =>
  nextOf(model, eventsOf(model.reader.names, parseLooked(text)), seq, back);

function nextOf({ reader }: TraceModel, filter: EventFilter, seq: number, back: boolean): Found {
  const range = back ? { to: seq } : { from: seq + 1 };
  return { seq: firstMatch(reader, filter, range, back ? 'backward' : 'forward') ?? null, thing: null };
}

/**
 * What a search names: a thing (`mfn 0x9fe5e`), a position (`#120`, `+1.5s`), or the next event that meets a condition.
 * @throws P2mError P2M_EXPRESSION (usage), and what positions and subjects throw
 */
export function findAnswer(model: TraceModel, text: string, seq: number, back: boolean): Found {
  const { names } = model.reader;
  const [word] = /^\w+(?= )/.exec(text) ?? [''];
  if (THINGS.includes(word) && !/[=<>]/.test(text)) {
    const looked = parseLooked(text);
    // Refuses names that the trace does not have.
    eventsOf(names, looked);
    return { seq: null, thing: lookedText(looked) };
  }
  const position = positionOf(text);
  if (position === undefined) return nextOf(model, parseExpression(text, names), seq, back);
  return { seq: resolvePosition(model.reader, position, model.tscHz) - 1, thing: null };
}

function positionOf(text: string) {
  try {
    return parsePosition(text);
  } catch (error) {
    if (isP2mError(error) && error.code === 'P2M_POSITION') return undefined;
    throw error;
  }
}

/** Events around a point. */
export function eventsAround(model: TraceModel, seq: number, before: number, after: number): EventRow[] {
  const events: EventRow[] = [];
  const { start, end } = model.replay;
  const last = Math.min(seq + after, end);
  for (let at = Math.max(start + 1, seq - before); at <= last; at++) {
    const event = model.event(at);
    if (event !== undefined) events.push(event);
  }
  return events;
}
