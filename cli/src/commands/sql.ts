import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { type TraceSettings, withTraces } from '../open-trace.js';
import { queryFrom, tracesAndQuery } from '../sql/query-text.js';
import { runShell } from '../sql/shell.js';
import { openSql, type SqlCommandOptions } from '../sql/sql-session.js';

export const run: Run<readonly [string[]], SqlCommandOptions & TraceSettings> = async ([words], options, context) => {
  const { traces, query } = tracesAndQuery(words, options.file);
  return withTraces(traces, options, context, async readers => {
    const sql = await openSql(readers, options, context);
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
  });
};
