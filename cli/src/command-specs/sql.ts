import type { CommandSpec } from '../command.js';
import { formatOption, IMPORT_SETTINGS, parseDuration, parseThreads, STRICT } from '../options.js';
import { RESULT_FORMATS } from '../sql/formats.js';
import { parseParameter } from '../sql/parameter.js';

const TABLES = `Tables: events (one row for each event), and the facts of a replay, made when a query first names them:
mapping_spans, m2p_spans, page_spans, ref_spans, type_ref_spans, lock_spans, lock_edges, lock_gates, lookups, uses,
rmap_spans, override_spans, grant_spans, domains, divergences, breaches, losses, callers, locks, lock_classes, views,
recordings, recorded_kinds, import_stats, whatif. Ctrl-C ends a query.`;

/** Queries. */
export const SQL_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'sql',
    isolated: true,
    args: [],
    optionalArgs: [['traces...', 'one or more traces, captures or NDJSON, followed by the query (SQL of DuckDB)']],
    usage: '<trace...> [query] [options]',
    summary: 'query events and facts of one or more traces with SQL',
    more: `Without a query there is a prompt on a terminal; otherwise statements are read from stdin. Numbers may be in hex.
Every table has a column trace, the name of the file. ${TABLES}

Views and macros: docs/sql.md, or .tables at the prompt. Facts of a long trace are kept in TRACE.p2mfacts
for the next query. A query can read no other file, and no network.

With --dataset there are no traces to name: all those that audits added are asked, without their events, and with the
tables traces, findings, occurrences, metrics, customs and not_checked (docs/fleet.md).`,
    options: [
      { flags: '--dataset <folder>', help: 'ask all traces of a dataset, which p2mtrace audit --dataset makes' },
      { flags: '-f, --file <file>', help: 'statements to run; - for stdin' },
      {
        ...formatOption(RESULT_FORMATS),
        help: 'output format (default: by the name of -o; else table on a terminal, csv otherwise)',
      },
      { flags: '--chart', help: 'a bar for the last number of each row: as --format chart' },
      { flags: '-o, --output <file>', help: 'file to write (default: stdout)' },
      { flags: '--param <name=value>', help: 'value of $name in the statements; repeatable', collect: parseParameter },
      {
        flags: '--sql-path <path>',
        help: 'more views and macros: a .sql file or a folder of them; repeatable',
        collect: String,
      },
      { flags: '--no-cache', help: 'do not use or keep facts' },
      { flags: '--cache-dir <folder>', help: 'where facts are kept (default: TRACE.p2mfacts)' },
      { flags: '--memory-limit <size>', help: 'how much memory a query may take', byDefault: '2GB' },
      { flags: '--threads <count>', help: 'threads of DuckDB (default: all cores)', parse: parseThreads },
      {
        flags: '--timeout <duration>',
        help: 'how long statements may take; 0 for no limit',
        parse: parseDuration,
        byDefault: '10m',
      },
      ...IMPORT_SETTINGS,
      { flags: '--allow-files', help: 'let statements read and write any file, and attach databases' },
      STRICT,
    ],
    examples: [
      `p2mtrace sql trace.arrow "select kind, count(*) from events group by kind order by 2 desc"`,
      `p2mtrace sql trace.arrow 'from gfn_at(1, 0x8e07, 89740)'`,
      `p2mtrace sql trace.arrow 'from ref_spans where mfn = $mfn' --param mfn=0x122607 --format md`,
      `p2mtrace sql before.arrow after.arrow 'select trace, class, hold_max from lock_stat' -o locks.parquet`,
      `p2mtrace sql --dataset fleet "select host, count(*) from findings where rule = 'refcount.leak' group by host"`,
    ],
    load: () => import('../commands/sql.js'),
  },
];
