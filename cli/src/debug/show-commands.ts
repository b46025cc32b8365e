import { viewIndex } from '@p2mtrace/replayer';
import { usageError } from '@p2mtrace/trace-format';
import { writeRows } from '../render/rows.js';
import { summaryText } from '../render/state-summary.js';
import { stateTable } from '../render/state-table.js';
import { subjectLines } from '../render/subject-state.js';
import { STATE_TABLES, type StateTable } from '../state-tables.js';
import { countOf, type DebugCommand, firstRows, rowLimit } from './debug-command.js';
import { stateOfSubject, subjectOf } from './debug-subject.js';
import type { Session } from './session.js';

/** Events on either side that `list` shows. */
const LISTED = 5;

/** Commands that show what is at the current position. */
export const SHOW_COMMANDS: readonly DebugCommand[] = [
  {
    name: 'show',
    args: '[gfn|mfn|lock X | summary | TABLE [DOMID [VIEW]] [N rows]]',
    help: `show the event with all its fields, what is known of a subject, or a part of the state: ${STATE_TABLES.join(', ')}`,
    expects: 'state',
    run: async (session, words) => {
      const [what] = words;
      if (what === undefined) await showEvent(session);
      else if (what === 'summary') await showSummary(session);
      else if (STATE_TABLES.includes(what as StateTable)) await showTable(session, what as StateTable, words.slice(1));
      else {
        const lines = subjectLines(stateOfSubject(session, subjectOf(words), session.at));
        for (const line of lines) await session.print(line);
      }
    },
  },
  {
    name: 'list',
    args: '[N]',
    help: 'list N events (default: 5) before and after this one',
    run: async (session, [text]) => {
      const around = text === undefined ? LISTED : countOf(text);
      const { start, end } = session.trace;
      for (let seq = Math.max(start + 1, session.at - around); seq <= Math.min(end, session.at + around); seq++) {
        await session.print(`${seq === session.at ? '>' : ' '} ${session.eventLine(seq)}`);
      }
    },
  },
];

async function showEvent(session: Session): Promise<void> {
  const event = session.events.at(session.at);
  if (event === undefined) return session.print(session.eventLine(session.at));
  const width = Math.max(...Object.keys(event).map(name => name.length));
  for (const [name, value] of Object.entries(event)) {
    await session.print(`${name.padEnd(width)}  ${Array.isArray(value) ? value.join(' ') : value}`.trimEnd());
  }
}

async function showSummary(session: Session): Promise<void> {
  for (const line of summaryText(session.state().replayer, session.reader, {})) await session.print(line);
}

/** `1 altp2m:0 100 rows`; each part is optional. */
async function showTable(session: Session, what: StateTable, words: readonly string[]): Promise<void> {
  const { limit, rest } = rowLimit(words);
  const [domid, view, ...others] = rest;
  if (others.length > 0 || (domid !== undefined && !/^\d{1,5}$/.test(domid))) {
    throw usageError('P2M_COMMAND', `${words.join(' ')} is not understood`, 'such as show p2m 1 host 100 rows');
  }
  if (view !== undefined) viewIndex(session.reader.names, view);
  const filter = { domid: domid === undefined ? undefined : Number(domid), view };
  const { columns, rows } = stateTable(what, session.state().replayer, session.reader, filter, 'table');
  const { first, more } = firstRows(rows, limit);
  await writeRows(session.out, 'table', columns, first);
  if (more !== undefined) await session.print(more);
}
