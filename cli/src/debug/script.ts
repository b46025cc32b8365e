import type { Context } from '../command.js';
import { describeError, EXIT, exitCodeOf, isP2mError } from '../exit.js';
import { runLine } from './debug-commands.js';
import type { Session } from './session.js';

/**
 * Runs the lines of a script; empty lines and those that begin with # are skipped. The first line that fails ends the
 * script; returns its exit code.
 */
export async function runScript(
  session: Session,
  lines: AsyncIterable<string> | Iterable<string>,
  keepGoing: boolean,
  { err }: Context,
): Promise<number> {
  let code: number = EXIT.fine;
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trimStart().startsWith('#')) continue;
    try {
      await runLine(session, line);
    } catch (error) {
      if (!isP2mError(error)) throw error;
      // Output of earlier lines comes before the error message of this one.
      await session.out.flush();
      err.say(await describeError(error.at({ line: number })));
      if (code === EXIT.fine) code = exitCodeOf(error);
      if (!keepGoing) return code;
    }
    if (session.isDone) break;
  }
  return code;
}
