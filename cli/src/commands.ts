import type { CommandSpec } from './command.js';
import {
  CONFIG,
  CPU_HZ,
  formatOption,
  IMPORT_SETTINGS,
  PLUGIN_OPTIONS,
  PROGRESS,
  parseDomid,
  parseDomids,
  parseDuration,
  parseEvents,
  parsePcpus,
  parseSeq,
  parseWidth,
  REPLAY_OPTIONS,
  REPORT_FORMAT,
} from './options.js';
import { RESULT_FORMATS } from './sql/formats.js';
import { parseParameter } from './sql/parameter.js';
import { STATE_TABLES } from './state-tables.js';

const TRACE = ['trace', 'a trace that p2mtrace import made'] as const;

const POSITIONS = `Positions:
  end, start             after all events, before the first
  seq:120, #120          after event 120
  tsc:0x5f3e00           after the last event up to that TSC
  time:1.5s, +20ms       that long after the first TSC (s, ms, us, ns)`;

const TABLES = `Tables: events (one row an event), and what a replay finds, replayed when a query first names it:
mapping_spans, m2p_spans, page_spans, ref_spans, type_ref_spans, lock_spans, lock_edges, lock_gates, lookups, uses,
rmap_spans, override_spans, grant_spans, domains, divergences, breaches, losses, callers, locks, lock_classes, views,
import_stats. Ctrl-C ends a query.`;

const CONDITIONS = `Conditions compare columns of events (as in p2mtrace sql), joined with and, or, not and parentheses:
  kind == set_entry and gfn == 1:0x1234 and p2m_type != ram_rw
  flags has failed, mfn == null, touches mfn 0x9fe5e (orders count), touches gfn|lock|domain …`;

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'import',
    args: [['input', 'xentrace capture or NDJSON, either of them gzipped or not; - for stdin']],
    summary: 'make a trace from a capture or from NDJSON',
    more: 'Ends with a health report on stderr. Exit code 3 where the input was cut or damaged: what is whole was imported.',
    options: [
      { flags: '-o, --output <trace>', help: 'the trace to write (.arrow)', required: true },
      { ...formatOption(['xentrace', 'ndjson']), help: 'form of the input, where its content does not tell' },
      { flags: '--xen-version <version>', help: 'release that was recorded, such as 4.17.7' },
      { flags: '--layout <profile>', help: 'page_info layout P0…P8; follows from the release otherwise' },
      { flags: '--symbols <file>', help: 'names of call sites (output of nm xen-syms)' },
      CPU_HZ,
      { flags: '--host <name>', help: 'where it was recorded' },
      {
        flags: '--control-domains <domids>',
        help: 'domains whose mm locks are biased (default: 0)',
        parse: parseDomids,
      },
      { flags: '--json', help: "print the trace's metadata on stdout" },
      PROGRESS,
      { flags: '-q, --quiet', help: 'no health report; problems are told all the same' },
    ],
    examples: [
      'p2mtrace import capture.bin -o trace.arrow --xen-version 4.17.7 --cpu-hz 2.5G',
      'xentrace -D -e 0x0010f000 - | p2mtrace import - -o trace.arrow   (Ctrl-C ends the recording)',
      'p2mtrace import case.ndjson -o case.arrow',
    ],
    load: () => import('./commands/import.js'),
  },
  {
    name: 'generate',
    args: [],
    summary: 'make a trace of a workload that is right by construction, with faults where they are asked for',
    more: `Guests whose memory is populated, ballooned and looked up by several pcpus, under Xen's own rules. A fault is told by
pcpus and domains of its own, in the midst of the rest; each is a line on stdout: its rule, first and last event.
The same options give the same events.`,
    options: [
      { flags: '-o, --output <trace>', help: 'the trace to write (.arrow)', required: true },
      {
        flags: '--scenario <name>',
        help: 'what the guests do',
        choices: ['mixed', 'balloon', 'pod', 'lookups'],
        byDefault: 'mixed',
      },
      { flags: '--events <count>', help: 'at least so many events', parse: parseEvents, byDefault: '100000' },
      { flags: '--seed <number>', help: 'another number gives another workload', parse: parseSeq, byDefault: '1' },
      { flags: '--fault <rule...>', help: 'rules that are to fire, or all; repeatable' },
      { flags: '--guests <count>', help: 'domains', parse: parseEvents, byDefault: '3' },
      { flags: '--pcpus <count>', help: 'pcpus', parse: parseEvents, byDefault: '4' },
    ],
    examples: [
      'p2mtrace generate -o load.arrow --events 1000000',
      'p2mtrace generate -o leak.arrow --seed 7 --fault refcount.leak lock-order.level',
    ],
    load: () => import('./commands/generate.js'),
  },
  {
    name: 'export',
    args: [TRACE],
    summary: 'write a trace in another form: NDJSON, CSV, Arrow, Parquet, DuckDB, or a timeline for Perfetto',
    more: `ndjson, csv, arrow and parquet have the events, duckdb also all facts and names. perfetto is a timeline that Perfetto's
UI opens: locks and lookups per pcpu, who ran where, changes of mappings per domain, findings as instants.`,
    options: [
      formatOption(['ndjson', 'csv', 'arrow', 'parquet', 'duckdb', 'perfetto'], 'ndjson'),
      { flags: '-o, --output <file>', help: 'file to write (default: stdout, for text)' },
      { flags: '--from <seq>', help: 'first event', parse: parseSeq },
      { flags: '--to <seq>', help: 'last event', parse: parseSeq },
      { ...CPU_HZ, help: 'how fast the TSC runs, for a timeline; without it a tick is a nanosecond there' },
    ],
    examples: [
      'p2mtrace export trace.arrow | head',
      'p2mtrace export trace.arrow --from 1000 --to 1999 -o part.ndjson',
      'p2mtrace export trace.arrow --format perfetto --cpu-hz 2.5G -o trace.json',
    ],
    load: () => import('./commands/export.js'),
  },
  {
    name: 'trim',
    args: [TRACE],
    summary: 'cut a piece out of a trace, which replays by itself to the same state',
    more: `The piece begins with snapshots of all that is known where it begins. An event that --from or --to names is part of
it. Of what is left out by --domain and --pcpu, it can't tell: docs/pieces.md.

${POSITIONS}`,
    options: [
      { flags: '-o, --output <trace>', help: 'the piece to write (.arrow)', required: true },
      { flags: '--from <position>', help: 'where it begins', byDefault: 'start' },
      { flags: '--to <position>', help: 'where it ends', byDefault: 'end' },
      { flags: '--domain <domids>', help: 'only what may concern these domains, such as 1,2', parse: parseDomids },
      { flags: '--pcpu <pcpus>', help: 'only what these pcpus recorded, such as 0,1', parse: parsePcpus },
      formatOption(['table', 'json', 'csv', 'ndjson'], 'table'),
      CPU_HZ,
      PROGRESS,
    ],
    examples: [
      "p2mtrace trim trace.arrow --from '#897000' --to '#897410' -o small.arrow",
      'p2mtrace trim trace.arrow --from +1.5s --to +1.6s -o piece.arrow',
      'p2mtrace trim trace.arrow --domain 2 -o domain-2.arrow',
    ],
    load: () => import('./commands/trim.js'),
  },
  {
    name: 'split',
    args: [TRACE],
    summary: 'cut a trace into pieces, each of which replays by itself to the same state',
    more: `{n} in the name of the output is the number of the piece, from 1 on, or the domid or pcpu. All pieces are written, or
none. Pieces in a row have every event once. One of --by has what trim with --domain or --pcpu would have.`,
    options: [
      { flags: '-o, --output <pattern>', help: 'the pieces to write, such as piece-{n}.arrow', required: true },
      { flags: '--every <length>', help: 'pieces of that many events, or of that long (s, ms, us, ns)' },
      { flags: '--into <pieces>', help: 'that many pieces, of as many events each', parse: parseEvents },
      { flags: '--by <what>', help: 'a piece for each domain or pcpu', choices: ['domain', 'pcpu'] },
      formatOption(['table', 'json', 'csv', 'ndjson'], 'table'),
      CPU_HZ,
      PROGRESS,
    ],
    examples: [
      "p2mtrace split trace.arrow --every 100ms -o 'piece-{n}.arrow'",
      "p2mtrace split trace.arrow --every 250000 -o 'piece-{n}.arrow'",
      "p2mtrace split trace.arrow --by domain -o 'domain-{n}.arrow'",
    ],
    load: () => import('./commands/split.js'),
  },
  {
    name: 'info',
    args: [TRACE],
    summary: 'tell what a trace holds and how it was imported',
    options: [REPORT_FORMAT],
    examples: ['p2mtrace info trace.arrow', 'p2mtrace info trace.arrow --format json'],
    load: () => import('./commands/info.js'),
  },
  {
    name: 'validate',
    args: [TRACE],
    summary: 'check every byte of a trace against its checksums',
    more: 'Exit code 3 where the trace is not whole.',
    options: [REPORT_FORMAT],
    examples: ['p2mtrace validate trace.arrow'],
    load: () => import('./commands/validate.js'),
  },
  {
    name: 'replay',
    args: [TRACE],
    summary: 'rebuild p2m, M2P, pages, locks and all else, and show them at a position',
    more: POSITIONS,
    options: [
      { flags: '--at <position>', help: 'where to stop', byDefault: 'end' },
      {
        flags: '--show <what>',
        help: 'what to show',
        choices: ['summary', ...STATE_TABLES],
        byDefault: 'summary',
      },
      { flags: '--domain <domid>', help: 'only this domain (pages: those it owns)', parse: parseDomid },
      { flags: '--view <view>', help: 'only this view of a p2m: host, altp2m:1, nested:0' },
      formatOption(['table', 'json', 'csv', 'ndjson'], 'table'),
      { flags: '--limit <rows>', help: 'at most that many rows', parse: parseSeq },
      ...REPLAY_OPTIONS,
    ],
    examples: [
      'p2mtrace replay trace.arrow',
      'p2mtrace replay trace.arrow --show p2m --domain 2 --at #120000',
      'p2mtrace replay trace.arrow --show pages --at +1.5s --cpu-hz 2.5G --format csv',
    ],
    load: () => import('./commands/replay.js'),
  },
  {
    name: 'history',
    args: [
      TRACE,
      ['about', 'gfn, mfn, lock or domain'],
      ['which', 'DOMID:GFN or DOMID:GFN@VIEW; an mfn; address or class of a lock; a domid'],
    ],
    summary: 'tell all that happened to a gfn, an mfn, a lock or a domain, and who did it',
    more: `A row is something that lasted (a fact: mapping, page, ref, lookup, lock, …) from one event to another, or a
single event. by and ended_by: pcpu, running vcpu, call site (the event's own, or that of the innermost lock that its
pcpu held), and that lock's class.

${CONDITIONS}`,
    options: [
      { flags: '--from <seq>', help: 'first event', parse: parseSeq },
      { flags: '--to <seq>', help: 'last event', parse: parseSeq },
      { flags: '--where <condition>', help: 'only what an event began or ended for which this is so' },
      {
        flags: '--last-write-before <seq>',
        help: 'only the last event before this one that wrote or changed it',
        parse: parseSeq,
      },
      formatOption(['table', 'json', 'csv', 'ndjson'], 'table'),
      { flags: '--limit <rows>', help: 'at most that many rows', parse: parseSeq },
      ...REPLAY_OPTIONS,
    ],
    examples: [
      'p2mtrace history trace.arrow mfn 0x122607',
      'p2mtrace history trace.arrow gfn 1:0x8e07 --last-write-before 897400',
      'p2mtrace history trace.arrow lock p2m --from 372454 --to 372500',
      'p2mtrace history trace.arrow domain 1 --where "kind == pod_populate and order == 9"',
    ],
    load: () => import('./commands/history.js'),
  },
  {
    name: 'diff',
    args: [TRACE],
    optionalArgs: [['other', 'another trace, whose state is compared with that of the first']],
    summary: 'show what differs between two points of a trace, or between two traces',
    more: `Entries of different size or writer are no difference, if they say the same. In one trace, a page that was freed and
allocated again and a lock that was taken again are.

${POSITIONS}`,
    options: [
      {
        flags: '--from <position>',
        help: 'point of the first state (default: start; end where two traces are compared)',
      },
      { flags: '--to <position>', help: 'point of the second state (default: end)' },
      { flags: '--at <position>', help: 'point in both of two traces (default: end)' },
      { flags: '--only <table...>', help: 'only these parts of the state', choices: ['p2m', 'm2p', 'pages', 'locks'] },
      {
        flags: '--domain <domid>',
        help: 'only this domain (pages: those it owns; M2P: what it maps)',
        parse: parseDomid,
      },
      { flags: '--summary', help: 'changes that are alike as one row: how many, of how many frames' },
      formatOption(['table', 'json', 'csv', 'ndjson'], 'table'),
      { flags: '--limit <rows>', help: 'at most that many rows', parse: parseSeq },
      ...REPLAY_OPTIONS,
    ],
    examples: [
      'p2mtrace diff trace.arrow --from #897398 --to #897410',
      'p2mtrace diff trace.arrow --from +1s --to +2s --domain 1 --summary',
      'p2mtrace diff before.arrow after.arrow --only p2m --format json',
    ],
    load: () => import('./commands/diff.js'),
  },
  {
    name: 'debug',
    args: [TRACE],
    summary: 'travel in a trace: a prompt to go anywhere, forward or back, and ask how things came to be',
    more: `Commands (help tells what each does; any beginning of a name that no other has will do):
  goto, step, rstep, next, prev, until, watch, rwatch; show, list, who, why, history, diff; help, quit

A script has a command a line; # begins a comment. Only results are printed, and the first line that fails ends it
with exit code 2. Without a terminal the script is read from stdin.

${CONDITIONS}`,
    options: [
      { flags: '--script <file>', help: 'commands to run instead of a prompt; - for stdin' },
      { flags: '-k, --keep-going', help: 'go on behind a line of the script that fails; the exit code is still 2' },
      { flags: '--at <position>', help: 'where to begin', byDefault: 'start' },
      ...REPLAY_OPTIONS,
    ],
    examples: [
      'p2mtrace debug trace.arrow',
      `printf '%s\\n' 'goto end' 'why mfn 0x122607' | p2mtrace debug trace.arrow --script -`,
    ],
    load: () => import('./commands/debug.js'),
  },
  {
    name: 'analyze',
    args: [TRACE],
    summary: 'look for defects: use after unmap, reference counts, lock order',
    more: 'Exit code 1 where something at or above --fail-on was found; notes never fail.',
    options: [
      { flags: '--only <rule...>', help: 'only these rules, or all rules of these analyzers (see p2mtrace rules)' },
      {
        flags: '--policy <rule...>',
        help: 'these rules too, which stand for a policy and run only when they are named',
      },
      {
        flags: '--counter-width <bits>',
        help: 'judge reference counts by counters of so many bits, and tell the headroom of each page',
        parse: parseWidth,
      },
      REPORT_FORMAT,
      {
        flags: '--fail-on <severity>',
        help: 'least severity that makes the exit code 1',
        choices: ['error', 'warning', 'none'],
        byDefault: 'error',
      },
      ...PLUGIN_OPTIONS,
      PROGRESS,
    ],
    examples: [
      'p2mtrace analyze trace.arrow',
      'p2mtrace analyze trace.arrow --only lock-order --format json',
      'p2mtrace analyze trace.arrow --only refcount.overflow --counter-width 26',
    ],
    load: () => import('./commands/analyze.js'),
  },
  {
    name: 'report',
    args: [TRACE],
    summary: 'write what analyze finds as a page: stories, timelines, lock order, occupancy',
    more: `One HTML file that needs no network (docs/report.md). Of several traces: p2mtrace audit --reporter html=FILE.
Exit code 1 where something at or above --fail-on was found.`,
    options: [
      { flags: '-o, --output <file>', help: 'the page to write (default: stdout)' },
      { flags: '--only <rule...>', help: 'only these rules, or all rules of these analyzers (see p2mtrace rules)' },
      {
        flags: '--fail-on <severity>',
        help: 'least severity that makes the exit code 1',
        choices: ['error', 'warning', 'none'],
        byDefault: 'error',
      },
      ...PLUGIN_OPTIONS,
      PROGRESS,
    ],
    examples: ['p2mtrace report trace.arrow -o report.html'],
    load: () => import('./commands/report.js'),
  },
  {
    name: 'explain',
    args: [['about', 'a rule; or a trace, with one of its findings']],
    optionalArgs: [['finding', 'id or signature of a finding, or how it begins; #n behind it: its nth occurrence']],
    summary: 'explain a rule, or tell how one finding of a trace came about',
    more: `Of a finding: the witness events with their roles; what is known of its gfn, mfn and locks before and after each
(- was so before, + is so after), by whom it was written, and what the pcpus held; the chain of events behind each; how
to confirm it.`,
    options: [
      { flags: '--around <n>', help: 'show n raw events before and behind each witness', parse: parseSeq },
      REPORT_FORMAT,
      ...PLUGIN_OPTIONS,
      ...REPLAY_OPTIONS,
    ],
    examples: [
      'p2mtrace explain refcount.leak',
      'p2mtrace explain trace.arrow 79cf98c2#3 --around 5',
      "p2mtrace explain trace.arrow 'refcount.leak | acquired_at=guest_remove_page'",
    ],
    load: () => import('./commands/explain.js'),
  },
  {
    name: 'slice',
    args: [TRACE, ['finding', 'id or signature of a finding, as explain takes it']],
    summary: 'write the smallest trace found that still shows a finding',
    more: `Begins with snapshots of what was known of its gfn, mfn and locks, so that it replays by itself. Analyzing it gives
the same signature, with the same confidence and severity. Prints the seqs that its events have in the whole.`,
    options: [
      { flags: '-o, --output <trace>', help: 'the trace to write (.arrow)', required: true },
      { flags: '--tries <n>', help: 'try at most n slices, each of which is analyzed', parse: parseEvents },
      REPORT_FORMAT,
      ...PLUGIN_OPTIONS,
      ...REPLAY_OPTIONS,
    ],
    examples: ['p2mtrace slice trace.arrow 77db9350 -o leak.arrow'],
    load: () => import('./commands/slice.js'),
  },
  {
    name: 'rules',
    args: [],
    summary: 'list the rules of analyze, and which events each needs',
    options: [REPORT_FORMAT, ...PLUGIN_OPTIONS],
    examples: ['p2mtrace rules', 'p2mtrace rules --plugin ./hot-gfn.ts'],
    load: () => import('./commands/rules.js'),
  },
  {
    name: 'audit',
    args: [],
    optionalArgs: [['paths...', 'traces, captures, and folders that are looked through for them']],
    summary: 'judge many traces, those that are new or changed, and speak up only for what was not known before',
    more: `Results are kept by content, settings and version; what was interrupted goes on where it was. A finding is known by its
signature: findings of the baseline, and suppressed ones, do not fail. --reporter NAME=FILE may be given more than once.
Exit code 1 where something new at or above --fail-on was found, else 3 where a trace could not be judged.
The configuration's \`audit\` may say all this too (docs/nightly.md).`,
    options: [
      {
        flags: '--reporter <name[=file]>',
        help: 'pretty, json, sarif, junit, github, markdown, html; to a file or stdout',
        collect: String,
      },
      { flags: '--workers <count>', help: 'processes (default: as many as cores)', parse: parseEvents },
      { flags: '--state <folder>', help: 'what audits remember (default: .p2mtrace)' },
      { flags: '--baseline <file>', help: 'known findings (default: p2mtrace-baseline.json)' },
      { flags: '--update-baseline', help: 'make what is found now the baseline' },
      { flags: '--prune-baseline', help: 'take from the baseline what is no longer seen' },
      { flags: '--suppressions <file>', help: 'findings not to be told of (default: p2mtrace-suppressions.json)' },
      {
        flags: '--fail-on <severity>',
        help: 'least severity of a new finding that fails (default: error)',
        choices: ['error', 'warning', 'none'],
      },
      { flags: '--only <rule...>', help: 'only these rules, or all rules of these analyzers' },
      { flags: '--history <file>', help: 'numbers night by night (default: history.duckdb in the state folder)' },
      { flags: '--no-history', help: 'keep no history' },
      {
        flags: '--retain <duration>',
        help: 'forget nights of the history that are older, such as 90d',
        parse: parseDuration,
      },
      ...IMPORT_SETTINGS,
      ...PLUGIN_OPTIONS,
      PROGRESS,
    ],
    examples: [
      'p2mtrace audit /var/log/xentrace --xen-version 4.17.7',
      'p2mtrace audit traces --reporter pretty --reporter sarif=audit.sarif --reporter markdown=audit.md',
      'p2mtrace audit traces --update-baseline',
    ],
    load: () => import('./commands/audit.js'),
  },
  {
    name: 'suppress',
    args: [['finding', 'id or signature of a finding']],
    summary: 'let audits not tell of a finding',
    options: [
      { flags: '--reason <text>', help: 'why', required: true },
      { flags: '--expires <date>', help: 'last day on which it holds, such as 2026-12-31' },
      { flags: '--suppressions <file>', help: 'where to write it (default: p2mtrace-suppressions.json)' },
      CONFIG,
    ],
    examples: ['p2mtrace suppress 77db9350 --reason "known, fixed in 4.19" --expires 2026-12-31'],
    load: () => import('./commands/suppress.js'),
  },
  {
    name: 'compare',
    args: [
      ['before', 'trace or capture'],
      ['after', 'another one, of the same workload'],
    ],
    summary: 'tell which findings of two traces are new, fixed or the same, and which numbers got better',
    more: 'Exit code 1 where the second has a finding at or above --fail-on that the first has not.',
    options: [
      REPORT_FORMAT,
      {
        flags: '--fail-on <severity>',
        help: 'least severity of a new finding that fails',
        choices: ['error', 'warning', 'none'],
        byDefault: 'error',
      },
      { flags: '--only <rule...>', help: 'only these rules, or all rules of these analyzers' },
      ...IMPORT_SETTINGS,
      ...PLUGIN_OPTIONS,
    ],
    examples: ['p2mtrace compare before.arrow after.arrow', 'p2mtrace compare 4.17.bin 4.18.bin --format json'],
    load: () => import('./commands/compare.js'),
  },
  {
    name: 'trend',
    args: [],
    summary: 'chart what audits found and measured, night by night',
    options: [
      { flags: '--trace <path>', help: 'only this trace' },
      { flags: '--nights <count>', help: 'at most so many nights', parse: parseEvents, byDefault: '30' },
      { flags: '--state <folder>', help: 'what audits remember (default: .p2mtrace)' },
      { flags: '--history <file>', help: 'the history (default: history.duckdb in the state folder)' },
      CONFIG,
      formatOption(['table', 'json', 'csv', 'ndjson', 'md'], 'table'),
    ],
    examples: ['p2mtrace trend', 'p2mtrace trend --trace traces/host1.bin --nights 90'],
    load: () => import('./commands/trend.js'),
  },
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
    load: () => import('./commands/sql.js'),
  },
];
