import type { CommandSpec } from '../command.js';
import { formatOption, parseDuration, parseEvents } from '../options.js';
import { RESULT_FORMATS } from '../sql/formats.js';
import { parseParameter } from '../sql/parameter.js';

const TABLES = `Tables: events (one row an event), and what a replay finds, replayed when a query first names it:
mapping_spans, m2p_spans, page_spans, ref_spans, type_ref_spans, lock_spans, lock_edges, lock_gates, lookups, uses,
rmap_spans, override_spans, grant_spans, domains, divergences, breaches, losses, callers, locks, lock_classes, views,
import_stats. Ctrl-C ends a query.`;

/** Queries. */
export const SQL_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'sql',
    args: [['traces...', 'one or more traces, and behind them the query (SQL as DuckDB has it)']],
    usage: '<trace...> [query] [options]',
    summary: 'query events and facts of one or more traces with SQL',
    more: `Without a query: a prompt on a terminal; elsewhere the statements that come on stdin. Numbers may be written in hex.
Every table has a column trace, the name of the file. ${TABLES}

Views and macros: docs/sql.md, or .tables at the prompt. Facts that a replay of a long trace gave are kept in
TRACE.p2mfacts, so that the next query finds them. A query can read no file and no network.`,
    options: [
      { flags: '-f, --file <file>', help: 'statements to run; - for stdin' },
      {
        ...formatOption(RESULT_FORMATS),
        help: 'form of the output (default: by the name of -o, table on a terminal, csv elsewhere)',
      },
      { flags: '-o, --output <file>', help: 'file to write (default: stdout)' },
      { flags: '--param <name=value>', help: 'value of $name in the statements; repeatable', collect: parseParameter },
      {
        flags: '--sql-path <path>',
        help: 'more views and macros: a .sql file or a folder of them; repeatable',
        collect: String,
      },
      { flags: '--no-cache', help: 'neither use nor keep facts of earlier queries' },
      { flags: '--cache-dir <folder>', help: 'where facts are kept (default: TRACE.p2mfacts)' },
      { flags: '--memory-limit <size>', help: 'memory that a query may take', byDefault: '2GB' },
      { flags: '--threads <count>', help: 'threads of DuckDB (default: all cores)', parse: parseEvents },
      {
        flags: '--timeout <duration>',
        help: 'how long statements may take; 0 for no limit',
        parse: parseDuration,
        byDefault: '10m',
      },
      { flags: '--allow-files', help: 'let statements read and write any file, and attach databases' },
    ],
    examples: [
      `p2mtrace sql trace.arrow "select kind, count(*) from events group by kind order by 2 desc"`,
      `p2mtrace sql trace.arrow 'from gfn_at(1, 0x8e07, 897400)'`,
      `p2mtrace sql trace.arrow 'from ref_spans where mfn = $mfn' --param mfn=0x122607 --format md`,
      `p2mtrace sql *.arrow 'select trace, class, hold_max from lock_stat' -o locks.parquet`,
    ],
    load: () => import('../commands/sql.js'),
  },
];
