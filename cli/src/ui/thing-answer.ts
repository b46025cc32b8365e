import {
  firstMatch,
  parseExpression,
  parsePosition,
  parseSubject,
  resolvePosition,
  type StateView,
  SUBJECTS,
  type Subject,
  stateOf,
  subjectText,
  touching,
  why,
} from '@p2mtrace/replayer';
import type { EventRow, Found, Thing } from '@p2mtrace/ui';
import { isP2mError } from '../exit.js';
import type { TraceModel } from './trace-model.js';

/** `gfn 1:0x1234` as a subject. @throws P2mError P2M_SUBJECT (usage) */
export function subjectOf(text: string): Subject {
  const space = text.indexOf(' ');
  return space < 0 ? parseSubject(text, '') : parseSubject(text.slice(0, space), text.slice(space + 1).trim());
}

/** The state of a thing at a point, with the events that it names. @throws P2mError P2M_SUBJECT, P2M_VIEW (usage) */
export function thingAnswer(model: TraceModel, text: string, seq: number): Thing {
  const subject = subjectOf(text);
  const view = model.at(seq);
  const state =
    subject.about === 'domain'
      ? { about: 'domain', p2ms: view.p2mSummaries({ domid: subject.domid }), owned: ownedBy(view, subject.domid) }
      : stateOf(model.reader, subject)(view);
  return { about: subjectText(subject), seq: view.seq, state, events: eventsIn(model, state) };
}

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
export const whyAnswer = (model: TraceModel, text: string, seq: number) =>
  why(model.replay, subjectOf(text), model.at(seq).seq);

/** The next event that touches a thing. @throws P2mError P2M_SUBJECT, P2M_VIEW (usage) */
export function nextTouching(model: TraceModel, text: string, seq: number, back: boolean): Found {
  const range = back ? { to: seq } : { from: seq + 1 };
  const filter = touching(model.reader.names, subjectOf(text));
  return { seq: firstMatch(model.reader, filter, range, back ? 'backward' : 'forward') ?? null, thing: null };
}

/**
 * What a search names: a thing (`mfn 0x9fe5e`), a position (`#120`, `+1.5s`), or the next event that meets a condition.
 * @throws P2mError P2M_EXPRESSION (usage), and what positions and subjects throw
 */
export function findAnswer(model: TraceModel, text: string, seq: number, back: boolean): Found {
  const [word] = /^\w+(?= )/.exec(text) ?? [''];
  if ((SUBJECTS as readonly string[]).includes(word) && !/[=<>]/.test(text)) {
    const subject = subjectOf(text);
    // Names what the trace does not have.
    touching(model.reader.names, subject);
    return { seq: null, thing: subjectText(subject) };
  }
  const position = positionOf(text);
  if (position !== undefined) {
    return { seq: resolvePosition(model.reader, position, model.tscHz) - 1, thing: null };
  }
  const filter = parseExpression(text, model.reader.names);
  const range = back ? { to: seq } : { from: seq + 1 };
  return { seq: firstMatch(model.reader, filter, range, back ? 'backward' : 'forward') ?? null, thing: null };
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
  for (let at = Math.max(0, seq - before); at <= seq + after; at++) {
    const event = model.event(at);
    if (event !== undefined) events.push(event);
  }
  return events;
}
