import type { P2mError } from '@p2mtrace/trace-format/errors';

/** Exit codes of p2mtrace; docs/cli.md lists them. */
export const EXIT = {
  fine: 0,
  /** Findings at or above --fail-on. */
  findings: 1,
  usage: 2,
  /** The input was unreadable, cut or damaged; what could be read of it was used. */
  input: 3,
  /** A bug in p2mtrace. */
  bug: 4,
  /** More memory, time or bytes than allowed. */
  limit: 5,
  interrupted: 130,
  /** The reader of stdout went away. */
  closedPipe: 141,
} as const;

/** Thrown by writes to a stdout that nobody reads any more. */
export class ClosedPipe extends Error {
  override readonly name = 'ClosedPipe';
}

/** Checks the name of the class, so that its package need not be loaded at start-up. */
export function isP2mError(error: unknown): error is P2mError {
  return error instanceof Error && error.name === 'P2mError';
}

/** The exit code for whatever ended a command. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ClosedPipe) return EXIT.closedPipe;
  if (!isP2mError(error)) return EXIT.bug;
  if (error.code === 'P2M_INTERRUPTED') return EXIT.interrupted;
  if (error.blame === 'limit') return EXIT.limit;
  return error.blame === 'usage' ? EXIT.usage : EXIT.input;
}

/** The message for stderr about whatever ended a command; empty for a closed pipe. */
export async function describeError(error: unknown): Promise<string> {
  if (error instanceof ClosedPipe) return '';
  if (!isP2mError(error)) {
    const stack = error instanceof Error ? (error.stack ?? String(error)) : String(error);
    return `p2mtrace: P2M_BUG: ${stack}\n  this is a bug of p2mtrace: please report it, with this text and the command line\n`;
  }
  const { describePlace } = await import('@p2mtrace/trace-format/errors');
  const place = describePlace(error.place);
  const line = `p2mtrace: ${error.code}: ${error.message}${place === '' ? '' : ` (${place})`}\n`;
  return error.remedy === '' ? line : `${line}  ${error.remedy}\n`;
}
