import { usageError } from '@p2mtrace/trace-format';
import type { Session } from './session.js';

/** What may follow a command, for completion. */
export type Expects = 'position' | 'subject' | 'condition' | 'state' | 'command';

/** A command of the prompt, as data. */
export interface DebugCommand {
  readonly name: string;
  /** What follows the name, as shown in the help. */
  readonly args: string;
  readonly help: string;
  readonly expects?: Expects;
  /** @throws P2mError; the session then has not moved */
  readonly run: (session: Session, args: readonly string[]) => Promise<void>;
}

/** A whole number from 1 on; 1 if none is given. @throws P2mError P2M_COMMAND (usage) */
export function countOf(text: string | undefined): number {
  const count = text === undefined ? 1 : /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw usageError('P2M_COMMAND', `${text} is no number of events`, 'write a number from 1 on');
  return count;
}

/** A position as in every command; a bare number is a seq. @throws P2mError P2M_COMMAND (usage) if there is none */
export function positionOf(text: string | undefined): string {
  if (text === undefined) throw usageError('P2M_COMMAND', 'a position is missing', 'such as #120, end or +20ms');
  return text;
}

/** Default number of rows. */
const ROWS = 40;

/** `… 100 rows` at the end of a command. @throws P2mError P2M_COMMAND (usage) */
export function rowLimit(words: readonly string[]): { readonly limit: number; readonly rest: readonly string[] } {
  return words.at(-1) === 'rows'
    ? { limit: countOf(words.at(-2)), rest: words.slice(0, -2) }
    : { limit: ROWS, rest: words };
}

/** At most `limit` rows, and a message if there are more. */
export function firstRows<Row>(rows: Iterable<Row>, limit: number): { readonly first: Row[]; readonly more?: string } {
  const first: Row[] = [];
  for (const row of rows) {
    if (first.length === limit) return { first, more: `more than ${limit} rows: end the command with N rows` };
    first.push(row);
  }
  return { first };
}
