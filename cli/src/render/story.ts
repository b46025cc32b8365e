import {
  type BoundRule,
  type FoundOccurrence,
  type Scene,
  type Story,
  type StoryStep,
  writersOf,
} from '@p2mtrace/analyzers';
import { type Doer, type LockRow, type SubjectState, subjectText, type TraceEvent } from '@p2mtrace/replayer';
import type { Terminal } from '../terminal.js';
import { visible } from '../text/visible.js';
import { cellText, counted } from './cell.js';
import { type Clock, secondsAt, secondsText } from './clock.js';
import { doerInFull, doerText } from './doer.js';
import { eventText } from './fields.js';
import { isConsequence } from './incident-order.js';
import { timesText } from './out-of.js';
import { beliefText, heading, section } from './rule-text.js';
import { otherOrderText, stackRows, stacksOf } from './stacks.js';
import { subjectLines } from './subject-state.js';
import { type TableOut, tableLines } from './table.js';
import { wrapped } from './wrap.js';

/** The story of an occurrence, for readers who do not know the tool. `clock`: makes seconds, if they are known. */
export async function* storyText(
  { finding, occurrence, number, of }: FoundOccurrence,
  story: Story,
  rule: BoundRule,
  out: Terminal,
  clock: Clock | undefined,
): AsyncGenerator<string> {
  const { steps, pcpus, chains, writers } = story;
  const { id, severity, confidence, title, signature } = finding;
  yield `${out.style('bold', rule.id)}: ${title}`;
  yield `${severity} (${confidence}), ${id}#${number} of ${of}; ${timesText(finding)}`;
  if (isConsequence(finding)) yield `follows from ${finding.incident}: p2mtrace explain tells that too`;
  yield signature;
  yield* section('What it means', rule.doc, out);
  yield* section('What it rests on', rule.belief && beliefText(rule.belief), out);
  yield* heading('About', out);
  yield* wrapped(visible(subjectOf(occurrence.subject)), '  ');
  const stacks = stacksOf(story);
  if (stacks.length > 0) {
    yield* heading('Where they are stuck', out);
    const columns = stacks.map(({ pcpu }) => ({ name: `pcpu ${pcpu}` }));
    for await (const line of tableLines(columns, stackRows(stacks), narrower(out))) yield `  ${line}`;
    yield* wrapped(otherOrderText(occurrence.subject.from_seq), '  ');
  }
  yield* heading('What happened', out);
  let last: TraceEvent | undefined;
  for (const step of steps) {
    yield* stepText(step, pcpus, writers, last === undefined ? '' : distance(last, step.event, clock?.hz), clock, out);
    last = step.event;
  }
  for (const { subject, why } of chains) {
    if (why.reasons.length === 0 && why.notes.length === 0) continue;
    yield* heading(`How ${subjectText(subject)} came to be as it is after #${why.at}`, out);
    const rows = why.reasons.map(({ role, event, by }) => [
      role,
      ...(clock === undefined ? [] : [timeText(clock, event)]),
      eventText(event),
      doerText(by),
    ]);
    const seconds = clock === undefined ? [] : [{ name: 'seconds', right: true }];
    const columns = [{ name: 'why' }, ...seconds, { name: 'event' }, { name: 'by' }];
    for await (const line of rows.length === 0 ? [] : tableLines(columns, rows, narrower(out))) yield `  ${line}`;
    for (const note of why.notes) yield `  ${note}`;
  }
}

/** `1.093442`: seconds of an event; empty where they are not known. */
function timeText(clock: Clock | undefined, { tsc }: TraceEvent): string {
  const seconds = secondsAt(clock, tsc);
  return seconds === null ? '' : secondsText(seconds);
}

/** An output for tables that are indented. */
const narrower = (out: Terminal): TableOut => ({
  width: out.width === undefined ? undefined : out.width - 2,
  style: (format, text) => out.style(format, text),
});

const subjectOf = (subject: Readonly<Record<string, unknown>>): string =>
  Object.entries(subject)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${cellText(value)}`)
    .join(', ') || 'nothing in particular';

function* stepText(
  { roles, event, by, held, heldOutside, scenes }: StoryStep,
  pcpus: readonly number[],
  writers: Story['writers'],
  since: string,
  clock: Clock | undefined,
  out: Terminal,
): Generator<string> {
  const time = timeText(clock, event);
  yield `  ${roles.join(', ')}: ${eventText(event)}${since}`;
  yield `    ${time === '' ? '' : `at ${time} s `}by ${doerInFull(by)}`;
  for (const pcpu of pcpus) yield `    locks of pcpu ${pcpu}: ${locksText(held, heldOutside, pcpu)}`;
  for (const scene of scenes) yield* sceneText(scene, writers, out);
}

/** What a pcpu held, outermost first. */
export function locksText(all: readonly LockRow[], outside: ReadonlyMap<number, number>, of: number): string {
  const held = all.filter(({ pcpu }) => pcpu === of);
  const parts = held.map(({ class: name, lock, mode, since_seq, symbol, caller }) => {
    const site = symbol ?? caller;
    return `${name ?? 'lock'} ${lock} (${mode}) since #${since_seq}${site === null ? '' : ` in ${site}`}`;
  });
  const more = outside.get(of);
  if (more !== undefined) parts.unshift(`${counted(more, 'lock')} more, in which`);
  return parts.join('; ') || 'none';
}

/** What was known before, and what changed. */
function* sceneText({ subject, before, after }: Scene, writers: Story['writers'], out: Terminal): Generator<string> {
  const [old, now] = [linesOf(before, writers), linesOf(after, writers)];
  yield `    ${subjectText(subject)}`;
  for (const line of old) {
    yield now.includes(line) ? `        ${line}` : `      ${out.style('red', `- ${visible(line)}`)}`;
  }
  for (const line of now) if (!old.includes(line)) yield `      ${out.style('green', `+ ${visible(line)}`)}`;
}

/** A state as lines, with who wrote it. */
export function linesOf(state: SubjectState, writers: ReadonlyMap<number, Doer>): string[] {
  const wrote = state.about === 'lock' ? [] : writersOf(state);
  const written = wrote.map(seq => {
    const doer = writers.get(seq);
    const what = state.about === 'gfn' ? 'written' : 'count last changed';
    return `${what} by #${seq}${doer === undefined ? '' : `, ${doerText(doer)}`}`;
  });
  return [...subjectLines(state), ...written];
}

/** `, 3 events and 1.2 us later`. */
function distance(from: TraceEvent, to: TraceEvent, tscHz: number | undefined): string {
  const events = counted(to.seq - from.seq, 'event');
  if (tscHz === undefined || typeof from.tsc !== 'number' || typeof to.tsc !== 'number') return `  (${events} later)`;
  return `  (${events} and ${durationText((to.tsc - from.tsc) / tscHz)} later)`;
}

/** `1.2 ms`: three digits. */
function durationText(seconds: number): string {
  const [unit, factor] = seconds >= 1 ? ['s', 1] : seconds >= 1e-3 ? ['ms', 1e3] : ['us', 1e6];
  return `${Number((seconds * Number(factor)).toPrecision(3))} ${unit}`;
}
