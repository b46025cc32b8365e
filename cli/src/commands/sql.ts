import { openTraceSession, type QueryResult, type TraceSession } from '@p2mtrace/analyzers';
import type { Context, Run } from '../command.js';
import { EXIT } from '../exit.js';
import { withTrace } from '../open-trace.js';
import { type RowFormat, writeRows } from '../render/rows.js';

/** SQL types whose values stand right in a table. */
const NUMBERS = /INT|DOUBLE|FLOAT|DECIMAL/;

export const run: Run<readonly [string, string], { readonly format?: RowFormat }> = ([path, query], options, context) =>
  withTrace(path, context, async reader => {
    const format = options.format ?? (context.out.isTty ? 'table' : 'csv');
    const session = await openTraceSession(reader);
    const interrupt = () => session.interrupt();
    process.on('SIGINT', interrupt);
    try {
      await runQuery(session, query, format, context);
    } finally {
      process.off('SIGINT', interrupt);
      // While DuckDB has work, ending the process would hang.
      await session.close();
    }
    return EXIT.fine;
  });

async function runQuery(session: TraceSession, query: string, format: RowFormat, { out }: Context): Promise<void> {
  let first = true;
  for await (const result of session.run(query)) {
    if (!first && (format === 'table' || format === 'csv')) await out.write('\n');
    first = false;
    const columns = result.columns.map(({ name, type }) => ({ name, right: NUMBERS.test(type) }));
    await writeRows(out, format, columns, rowsOf(result));
    // What is slow to come is shown as it comes.
    await out.flush();
  }
}

async function* rowsOf(result: QueryResult): AsyncGenerator<readonly unknown[]> {
  for await (const batch of result.batches()) yield* batch;
}
