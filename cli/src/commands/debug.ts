import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { usageError } from '@p2mtrace/trace-format';
import type { Run } from '../command.js';
import { runPrompt } from '../debug/prompt.js';
import { runScript } from '../debug/script.js';
import { Session } from '../debug/session.js';
import { EXIT } from '../exit.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { type ReplayOptions, withReplay } from '../with-replay.js';

interface Options extends ReplayOptions, TraceSettings {
  readonly script?: string;
  readonly keepGoing?: boolean;
  readonly at: string;
}

export const run: Run<readonly [string], Options> = ([path], options, context) =>
  withTrace(path, options, context, reader =>
    withReplay(reader, options, context, async trace => {
      const session = new Session(trace, context.out, work => withReplay(reader, options, context, work));
      session.at = trace.at(options.at).seq;
      // Without a terminal, the input is a script.
      const script = options.script ?? (process.stdin.isTTY ? undefined : '-');
      if (script !== undefined) return runScript(session, linesOf(script), options.keepGoing === true, context);
      await runPrompt(session, context);
      return EXIT.fine;
    }),
  );

/** Lines of a file, or of stdin as they arrive. @throws P2mError P2M_SCRIPT (usage) */
function linesOf(script: string): Iterable<string> | AsyncIterable<string> {
  if (script === '-') return createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  try {
    return readFileSync(script, 'utf8').split(/\r?\n/);
  } catch (error) {
    throw usageError('P2M_SCRIPT', `the script can't be read: ${(error as Error).message}`, 'check the path');
  }
}
