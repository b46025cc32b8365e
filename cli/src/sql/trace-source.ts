import { type ColumnSource, FactCache, openTraceSession, TRACE_TABLES } from '@p2mtrace/analyzers';
import type { TraceReader } from '@p2mtrace/trace-format';
import type { Context } from '../command.js';
import { isP2mError } from '../exit.js';
import { Progress } from '../render/progress.js';
import { visible } from '../text/visible.js';
import type { SqlCommandOptions, SqlSource } from './sql-session.js';

/** Traces, whose facts are replayed when a query needs them, and kept for the next one. */
export function traceSource(
  readers: readonly TraceReader[],
  { cache, cacheDir, cpuHz, progress: asked }: SqlCommandOptions,
  context: Context,
): SqlSource {
  const onNotice = (text: string) => context.err.say(`p2mtrace: ${visible(text)}\n`);
  const caches = readers.map(reader => (cache ? FactCache.of(reader, cacheDir, undefined, onNotice) : undefined));
  const replayed: { readonly trace: number; readonly table: ColumnSource }[] = [];
  const progress = new Progress(context, context.out.isTty ? 'never' : asked, 'events replayed');
  return {
    tables: TRACE_TABLES.map(table => ({ ...table, from: 'trace' })),
    inputs: readers.map(({ path }) => path),
    open: (modules, options) =>
      openTraceSession(readers, {
        ...options,
        onReplayed: progress.update,
        tscHz: cpuHz,
        modules,
        caches,
        onFacts: (trace, table) => {
          progress.end();
          replayed.push({ trace, table });
        },
      }),
    explained(error) {
      if (isP2mError(error) && error.code === 'P2M_CACHE') for (const one of caches) one?.putAllAside(error.message);
      return error;
    },
    ended: () => progress.end(),
    async close() {
      for (const { trace, table } of replayed) await keep(caches[trace], table, context);
    },
  };
}

/** Stores facts, so that the next query need not replay them. If that fails, it is reported but is not an error. */
async function keep(cache: FactCache | undefined, table: ColumnSource, { err }: Context): Promise<void> {
  if (cache === undefined || table.rows === 0) return;
  try {
    await cache.keep(table);
  } catch (error) {
    err.say(`p2mtrace: facts are not kept for the next query: ${(error as Error).message}\n`);
  }
}
