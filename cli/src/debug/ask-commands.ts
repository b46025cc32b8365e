import { diffStates, doersOf, history, lastWriteBefore, parseExpression, type Subject, why } from '@p2mtrace/replayer';
import { writeChanges } from '../render/changes.js';
import { doerInFull, doerText } from '../render/doer.js';
import { eventText } from '../render/fields.js';
import { writeHistory } from '../render/history.js';
import { writeRows } from '../render/rows.js';
import { subjectLines } from '../render/subject-state.js';
import { type DebugCommand, firstRows, positionOf, rowLimit } from './debug-command.js';
import { stateOfSubject, subjectOf } from './debug-subject.js';
import { notFound, type Session } from './session.js';

/** Commands that ask how things came about. None of them moves the session. */
export const ASK_COMMANDS: readonly DebugCommand[] = [
  {
    name: 'who',
    args: '[gfn|mfn|lock X]',
    help: 'who did this event; who wrote or changed that last; who holds that lock',
    expects: 'subject',
    run: async (session, words) => {
      if (words.length === 0) await whoDid(session, [session.at]);
      else await whoWrote(session, subjectOf(words));
    },
  },
  {
    name: 'why',
    args: 'gfn|mfn|lock X',
    help: 'the chain of events that led to its state here',
    expects: 'subject',
    run: async (session, words) => {
      const { state, reasons, notes } = why(session.trace, subjectOf(words), session.at);
      for (const line of subjectLines(state)) await session.print(line);
      const rows = reasons.map(({ role, event, by }) => [role, eventText(event), doerText(by)]);
      const columns = [{ name: 'why' }, { name: 'event' }, { name: 'by' }];
      if (rows.length > 0) await writeRows(session.out, 'table', columns, rows);
      for (const note of notes) await session.print(note);
    },
  },
  {
    name: 'history',
    args: 'gfn|mfn|lock|domain X [CONDITION] [N rows]',
    help: 'all that happened to it in the whole trace',
    expects: 'subject',
    run: async (session, words) => {
      const { names } = session.reader;
      const { limit, rest } = rowLimit(words);
      const [about, which, ...condition] = rest;
      const where = condition.length === 0 ? undefined : parseExpression(condition.join(' '), names);
      const subject = subjectOf([about, which].filter(word => word !== undefined));
      const { first, more } = firstRows(history(session.reader, subject, { where }), limit);
      await writeHistory(session.out, 'table', first);
      if (more !== undefined) await session.print(more);
    },
  },
  {
    name: 'diff',
    args: 'POSITION [N rows]',
    help: 'what changes between here and that position',
    expects: 'position',
    run: async (session, words) => {
      const { limit, rest } = rowLimit(words);
      await session.withSecond(async second => {
        const there = second.at(positionOf(rest[0]));
        const here = session.state();
        const [before, after] = there.seq <= here.seq ? [there, here] : [here, there];
        const { first, more } = firstRows(diffStates(before, after), limit);
        await writeChanges(session.out, 'table', first);
        if (more !== undefined) await session.print(more);
      });
    },
  },
];

async function whoWrote(session: Session, subject: Subject): Promise<void> {
  const state = subject.about === 'lock' ? stateOfSubject(session, subject, session.at) : undefined;
  if (state?.about === 'lock' && state.holders.length > 0) {
    await whoDid(
      session,
      state.holders.map(({ since_seq }) => since_seq),
    );
    return;
  }
  const [row] = lastWriteBefore(session.trace, subject, session.at + 1);
  if (row?.from == null) throw notFound(`no event up to ${session.place} wrote it`);
  await whoDid(session, [row.from]);
}

async function whoDid(session: Session, seqs: readonly number[]): Promise<void> {
  const doers = doersOf(session.reader, seqs);
  for (const seq of seqs) {
    await session.print(session.eventLine(seq));
    const doer = doers.get(seq);
    if (doer !== undefined) await session.print(`  ${doerInFull(doer)}`);
  }
}
