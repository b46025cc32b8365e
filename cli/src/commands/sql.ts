import { usageError } from '@p2mtrace/trace-format';
import type { Context, Run } from '../command.js';
import { checkOutside } from '../dataset/outside.js';
import { EXIT } from '../exit.js';
import { type TraceSettings, withTraces } from '../open-trace.js';
import { datasetSource } from '../sql/dataset-source.js';
import { queryFrom, tracesAndQuery } from '../sql/query-text.js';
import { runShell } from '../sql/shell.js';
import { openSql, type SqlCommandOptions, type SqlSource } from '../sql/sql-session.js';
import { traceSource } from '../sql/trace-source.js';

interface Options extends SqlCommandOptions, TraceSettings {
  readonly dataset?: string;
}

export const run: Run<readonly [string[]], Options> = async ([words], options, context) => {
  if (options.dataset !== undefined) {
    const [query, more] = options.file === undefined ? words : [undefined, words[0]];
    if (more !== undefined) {
      throw usageError('P2M_USAGE', `${words[0]}: --dataset takes no trace`, 'p2mtrace sql --dataset DIR "select …"');
    }
    if (options.output !== undefined) checkOutside([options.output], options.dataset);
    return ask(datasetSource(options.dataset), query, options, context);
  }
  const { traces, query } = tracesAndQuery(words, options.file);
  return withTraces(traces, options, context, readers =>
    ask(traceSource(readers, options, context), query, options, context),
  );
};

async function ask(source: SqlSource, query: string | undefined, options: Options, context: Context): Promise<number> {
  const sql = await openSql(source, options, context);
  const interrupt = () => sql.interrupt();
  process.on('SIGINT', interrupt);
  try {
    const text = query ?? queryFrom(options.file);
    if (text === undefined) await runShell(sql, context);
    else await sql.run(text);
  } finally {
    process.off('SIGINT', interrupt);
    // While DuckDB is working, ending the process would hang.
    await sql.close();
  }
  return EXIT.fine;
}
