import { basename } from 'node:path';
import { traceNames } from '@p2mtrace/analyzers';
import type { Replay } from '@p2mtrace/replayer';
import { describeDamage, type TraceReader } from '@p2mtrace/trace-format';
import { usageError } from '@p2mtrace/trace-format/errors';
import type { Context, Run } from '../command.js';
import { EXIT } from '../exit.js';
import { type TraceSettings, withTraces } from '../open-trace.js';
import { openBrowser } from '../ui/open-browser.js';
import { Routes } from '../ui/routes.js';
import { serve } from '../ui/server.js';
import type { SqlLimits } from '../ui/sql-answer.js';
import { staticFiles } from '../ui/static-files.js';
import { TraceModel } from '../ui/trace-model.js';
import { type SavedWhatIf, savedWhatIf } from '../whatif/saved-what-if.js';
import { type ReplayOptions, withReplay } from '../with-replay.js';

interface Options extends ReplayOptions, TraceSettings, SqlLimits {
  readonly port: number;
  readonly open: boolean;
  readonly whatif?: string;
}

/** More are for `p2mtrace sql` and `p2mtrace audit`. */
const MOST_TRACES = 2;

export const run: Run<readonly [string[]], Options> = ([paths], options, context) => {
  if (paths.length > MOST_TRACES) {
    throw usageError('P2M_USAGE', 'more than two traces are not shown beside each other', 'name one or two');
  }
  return withTraces(paths, options, context, readers =>
    withReplays(readers, options, context, async replays => {
      const names =
        new Set(paths.map(path => basename(path))).size === paths.length ? paths.map(path => basename(path)) : paths;
      const sqlNames = traceNames(readers);
      const { cpuHz: tscHz, startTime } = options;
      const given = options.whatif === undefined ? undefined : savedWhatIf(options.whatif, readers);
      const models: TraceModel[] = [];
      const saved = new Map<TraceModel, SavedWhatIf>();
      for (const [i, replay] of replays.entries()) {
        const { reader } = replay;
        const damage = reader.damage === undefined ? undefined : describeDamage(reader);
        const hasWhatIf = given?.of === reader;
        const named = { name: names[i], sqlName: sqlNames[i] };
        const model = await TraceModel.of(replay, { ...named, damage, tscHz, startTime, hasWhatIf });
        models.push(model);
        if (hasWhatIf) saved.set(model, given.saved);
      }
      const ended = new AbortController();
      const routes = new Routes(models, options, saved, ended.signal);
      const server = await serve(options.port, routes, staticFiles());
      // Who reads the address may end it at once.
      const end = interrupted();
      await context.out.write(`${server.url}\n`);
      await context.out.flush();
      context.err.say('p2mtrace: whoever has this address sees the trace; Ctrl-C ends it\n');
      if (options.open) openBrowser(server.openUrl());
      await end;
      server.close();
      ended.abort();
      return EXIT.fine;
    }),
  );
};

async function withReplays(
  readers: readonly TraceReader[],
  options: Options,
  context: Context,
  work: (replays: readonly Replay[]) => Promise<number>,
): Promise<number> {
  const [reader, ...others] = readers;
  if (reader === undefined) return work([]);
  const more = (replay: Replay) => withReplays(others, options, context, replays => work([replay, ...replays]));
  return withReplay(reader, options, context, more, true);
}

/** Resolves when the user, or whoever started it, ends it. */
function interrupted(): Promise<void> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}
