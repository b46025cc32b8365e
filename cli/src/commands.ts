import type { CommandSpec } from './command.js';
import {
  CPU_HZ,
  formatOption,
  PROGRESS,
  parseDomid,
  parseDomids,
  parseSeq,
  REPLAY_OPTIONS,
  REPORT_FORMAT,
} from './options.js';
import { STATE_TABLES } from './state-tables.js';

const TRACE = ['trace', 'a trace that p2mtrace import made'] as const;

const POSITIONS = `Positions:
  end, start             after all events, before the first
  seq:120, #120          after event 120
  tsc:0x5f3e00           after the last event up to that TSC
  time:1.5s, +20ms       that long after the first TSC (s, ms, us, ns)`;

const TABLES = `Tables: events (one row an event), and what a replay finds, replayed when a query first names it:
mapping_spans, page_spans, ref_spans, lock_spans, lock_edges, lookups, uses, domains, divergences, losses,
callers, locks, lock_classes, views, import_stats. Ctrl-C ends a query.`;

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
    name: 'export',
    args: [TRACE],
    summary: 'write the events of a trace as NDJSON',
    options: [
      formatOption(['ndjson'], 'ndjson'),
      { flags: '-o, --output <file>', help: 'file to write (default: stdout)' },
      { flags: '--from <seq>', help: 'first event', parse: parseSeq },
      { flags: '--to <seq>', help: 'last event', parse: parseSeq },
    ],
    examples: [
      'p2mtrace export trace.arrow | head',
      'p2mtrace export trace.arrow --from 1000 --to 1999 -o part.ndjson',
    ],
    load: () => import('./commands/export.js'),
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
    name: 'analyze',
    args: [TRACE],
    summary: 'look for defects: use after unmap, reference counts, lock order',
    more: 'Exit code 1 where something at or above --fail-on was found; notes never fail.',
    options: [
      { flags: '--only <rule...>', help: 'only these rules, or all rules of these analyzers (see p2mtrace rules)' },
      REPORT_FORMAT,
      {
        flags: '--fail-on <severity>',
        help: 'least severity that makes the exit code 1',
        choices: ['error', 'warning', 'none'],
        byDefault: 'error',
      },
      PROGRESS,
    ],
    examples: ['p2mtrace analyze trace.arrow', 'p2mtrace analyze trace.arrow --only lock-order --format json'],
    load: () => import('./commands/analyze.js'),
  },
  {
    name: 'rules',
    args: [],
    summary: 'list the rules of analyze, and which events each needs',
    options: [REPORT_FORMAT],
    examples: ['p2mtrace rules'],
    load: () => import('./commands/rules.js'),
  },
  {
    name: 'sql',
    args: [TRACE, ['query', 'SQL as DuckDB has it']],
    summary: 'query events and facts with SQL',
    more: TABLES,
    options: [
      {
        ...formatOption(['table', 'json', 'csv', 'ndjson']),
        help: 'form of the output (default: table on a terminal, csv elsewhere)',
      },
    ],
    examples: [
      `p2mtrace sql trace.arrow "select kind, count(*) from events group by kind order by 2 desc"`,
      `p2mtrace sql trace.arrow "select * from page_spans where mapped_gfn is not null limit 10"`,
    ],
    load: () => import('./commands/sql.js'),
  },
];
