import type { P2mError } from '@p2mtrace/trace-format/errors';
import { visible } from './text/visible.js';

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

/** An error of a system call, such as a full disk or too many open files: not a bug, wherever it comes from. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

/** True if the reader of stdout, or of a pipe that is an output, went away. */
function isClosedPipe(error: unknown): boolean {
  if (error instanceof ClosedPipe) return true;
  const cause = isP2mError(error) && error.code === 'P2M_WRITE' ? error.cause : error;
  return isSystemError(cause) && cause.code === 'EPIPE';
}

/** The exit code for whatever ended a command. */
export function exitCodeOf(error: unknown): number {
  if (isClosedPipe(error)) return EXIT.closedPipe;
  if (isSystemError(error)) return EXIT.input;
  if (!isP2mError(error)) return EXIT.bug;
  if (error.code === 'P2M_INTERRUPTED') return EXIT.interrupted;
  if (error.blame === 'limit') return EXIT.limit;
  return error.blame === 'usage' ? EXIT.usage : EXIT.input;
}

/** The message for stderr about whatever ended a command; empty for a closed pipe. */
export async function describeError(error: unknown): Promise<string> {
  if (isClosedPipe(error)) return '';
  if (isSystemError(error)) return describeSystemError(error);
  if (!isP2mError(error)) {
    const stack = error instanceof Error ? (error.stack ?? String(error)) : String(error);
    return `p2mtrace: P2M_BUG: ${stack}\n  this is a bug of p2mtrace: please report it, with this text and the command line\n`;
  }
  const { describePlace } = await import('@p2mtrace/trace-format/errors');
  const place = describePlace(error.place);
  // DuckDB's messages have several lines; what is in them must not look like ours.
  const message = error.message.split('\n').map(visible).join('\n  | ');
  const line = `p2mtrace: ${error.code}: ${message}${place === '' ? '' : ` (${visible(place)})`}\n`;
  return error.remedy === '' ? line : `${line}  ${visible(error.remedy)}\n`;
}

async function describeSystemError(error: NodeJS.ErrnoException & { code: string }): Promise<string> {
  if (error.syscall === 'uv_cwd') {
    return 'p2mtrace: P2M_SYSTEM: the working folder is gone\n  change to a folder that exists\n';
  }
  const { explainSystemError } = await import('@p2mtrace/trace-format/output');
  const { why, remedy } = explainSystemError(error);
  const place = error.path === undefined ? '' : ` (${error.path})`;
  return `p2mtrace: P2M_SYSTEM: ${error.syscall} failed: ${why}${place}\n  ${remedy}\n`;
}
