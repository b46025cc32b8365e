import {
  backToChange,
  backToMatch,
  type EventFilter,
  forwardToChange,
  forwardToMatch,
  parseExpression,
  type Search,
  type Subject,
} from '@p2mtrace/replayer';
import { usageError } from '@p2mtrace/trace-format';
import { subjectLines } from '../render/subject-state.js';
import { countOf, type DebugCommand, positionOf } from './debug-command.js';
import { stateOfSubject, subjectOf } from './debug-subject.js';
import { notFound, type Session } from './session.js';

/** Commands that move the session, and show the event there. */
export const MOVE_COMMANDS: readonly DebugCommand[] = [
  {
    name: 'goto',
    args: 'POSITION',
    help: 'go to a position: 120, #120, end, start, tsc:0x5f3e00, +20ms, 2026-11-29T01:02:03Z',
    expects: 'position',
    run: async (session, [text]) => session.goTo(session.trace.at(positionOf(text)).seq),
  },
  {
    name: 'step',
    args: '[N]',
    help: 'go N events forward',
    run: (session, [count]) => step(session, countOf(count)),
  },
  {
    name: 'rstep',
    args: '[N]',
    help: 'go N events back',
    run: (session, [count]) => step(session, -countOf(count)),
  },
  {
    name: 'next',
    args: '[CONDITION]',
    help: 'go to the next event that meets the condition; without one, repeat the last condition',
    expects: 'condition',
    run: async (session, words) => {
      const seq = await session.search(forwardToMatch(session.reader, filterOf(session, words), session.at));
      if (seq === undefined) throw notFound(`no event behind ${session.place} is so`);
      await session.goTo(seq);
    },
  },
  {
    name: 'prev',
    args: '[CONDITION]',
    help: 'the same, backwards',
    expects: 'condition',
    run: async (session, words) => {
      const seq = await session.search(backToMatch(session.reader, filterOf(session, words), session.at));
      if (seq === undefined) throw notFound(`no event before ${session.place} is so`);
      await session.goTo(seq);
    },
  },
  {
    name: 'until',
    args: 'CONDITION',
    help: 'as next, but go to the end of the trace if no event meets the condition',
    expects: 'condition',
    run: async (session, words) => {
      const seq = await session.search(forwardToMatch(session.reader, filterOf(session, words), session.at));
      if (seq === undefined) await session.print('no event is so up to the end');
      await session.goTo(seq ?? session.trace.end);
    },
  },
  {
    name: 'watch',
    args: '[gfn|mfn|lock X]',
    help: 'go to the next event that changes its state; without a subject, repeat the last one',
    expects: 'subject',
    run: (session, words) =>
      watch(session, words, (subject, from) => forwardToChange(session.trace, subject, from), 'behind'),
  },
  {
    name: 'rwatch',
    args: '[gfn|mfn|lock X]',
    help: 'go back to the last event that changed its state',
    expects: 'subject',
    run: (session, words) =>
      watch(session, words, (subject, from) => backToChange(session.trace, subject, from - 1), 'before'),
  },
];

async function step(session: Session, by: number): Promise<void> {
  const { start, end } = session.trace;
  const seq = Math.min(end, Math.max(start, session.at + by));
  if (seq === session.at) throw notFound(`the trace ${by > 0 ? 'ends' : 'starts'} here`);
  await session.goTo(seq);
}

function filterOf(session: Session, words: readonly string[]): EventFilter {
  const condition = words.length === 0 ? session.condition : words.join(' ');
  if (condition === undefined) {
    throw usageError('P2M_COMMAND', 'there is no condition to repeat', 'write one, such as kind == set_entry');
  }
  const filter = parseExpression(condition, session.reader.names);
  session.condition = condition;
  return filter;
}

async function watch(
  session: Session,
  words: readonly string[],
  search: (subject: Subject, from: number) => Search,
  side: string,
): Promise<void> {
  const subject = words.length === 0 ? session.subject : subjectOf(words);
  if (subject === undefined) {
    throw usageError('P2M_COMMAND', 'there is nothing to watch', 'name it, such as watch gfn 1:0x1234');
  }
  session.subject = subject;
  const seq = await session.search(search(subject, session.at));
  if (seq === undefined) throw notFound(`no event ${side} ${session.place} changes it`);
  const [before, after] = [stateOfSubject(session, subject, seq - 1), stateOfSubject(session, subject, seq)];
  await session.goTo(seq);
  const [old, now] = [subjectLines(before), subjectLines(after)];
  for (const line of old.filter(text => !now.includes(text))) await session.print(`  - ${line}`);
  for (const line of now.filter(text => !old.includes(text))) await session.print(`  + ${line}`);
}
