import type { CommandSpec } from '../command.js';
import { parseShard } from '../fleet/shard.js';
import {
  CONFIG,
  FLAT,
  formatOption,
  IMPORT_SETTINGS,
  NO_CONFIG,
  ONLY,
  type OptionSpec,
  PLUGIN_OPTIONS,
  parseDuration,
  parseEvents,
  REPORT_FORMAT,
  STRICT,
} from '../options.js';
import { QUEUE_OPTIONS } from './fleet.js';

const STATE: OptionSpec = {
  flags: '--state <folder>',
  help: 'where audits keep their results (default: .p2mtrace)',
};

/** How an audit ends: options of `audit`, and of `audit merge`. */
const CONCLUSION_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--reporter <name[=file]>',
    help: 'pretty, json, sarif, junit, github, markdown, html; to a file or stdout',
    collect: String,
  },
  { flags: '--baseline <file>', help: 'known findings (default: p2mtrace-baseline.json)' },
  { flags: '--update-baseline', help: 'make the present findings the baseline' },
  { flags: '--prune-baseline', help: 'remove from the baseline what is no longer found' },
  { flags: '--suppressions <file>', help: 'findings to leave out (default: p2mtrace-suppressions.json)' },
  {
    flags: '--fail-on <severity>',
    help: 'lowest severity of a new finding that makes the exit code 1 (default: error)',
    choices: ['error', 'warning', 'none'],
  },
  { flags: '--expect <count>', help: 'exit code 3 if fewer traces could be judged', parse: parseEvents },
  {
    flags: '--max-age <duration>',
    help: 'exit code 3 if no trace was written since, such as 36h',
    parse: parseDuration,
  },
  STRICT,
  FLAT,
  { flags: '--history <file>', help: 'the history (default: history.duckdb in the state folder)' },
  { flags: '--no-history', help: 'keep no history' },
  {
    flags: '--retain <duration>',
    help: 'drop nights older than this from the history, such as 90d',
    parse: parseDuration,
  },
];

/** Defects of many traces, night by night. */
export const AUDIT_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'audit',
    args: [],
    optionalArgs: [['paths...', 'traces, captures, and folders to search for them']],
    summary: 'judge many traces, only those that are new or changed, and fail only for new findings',
    more: `Results are kept by content, settings and version; an interrupted audit continues where it stopped. Findings in the
baseline, and suppressed ones, do not fail; they are recognized by their signature. --reporter may be given more than
once. Files of a folder are recognised by their content; links are followed. The exit code is 1 if something new at or
above --fail-on was found, else 3 if a trace could not be judged, was cut or
damaged, or there are none, too few or none new enough.
All of this can also be set under \`audit\` in the configuration (docs/nightly.md).`,
    options: [
      { flags: '--workers <count>', help: 'number of processes (default: one for each core)', parse: parseEvents },
      STATE,
      ONLY,
      {
        flags: '--shard <i/n>',
        help: 'judge only this part of the inputs, and write what is found for p2mtrace audit merge',
        parse: parseShard,
      },
      { flags: '-o, --output <file>', help: 'where a shard goes (default: shard-I-of-N.p2ma)' },
      {
        flags: '--dataset <folder>',
        help: 'add the facts and findings of each trace there, for p2mtrace sql --dataset',
      },
      { flags: '--host <name>', help: 'host that recorded the traces, in the dataset (default: as each trace says)' },
      ...QUEUE_OPTIONS,
      ...CONCLUSION_OPTIONS,
      ...IMPORT_SETTINGS,
      ...PLUGIN_OPTIONS,
    ],
    examples: [
      'p2mtrace audit /var/log/xentrace --xen-version 4.17.7',
      'p2mtrace audit traces --reporter pretty --reporter sarif=audit.sarif --reporter markdown=audit.md',
      'p2mtrace audit traces --update-baseline',
      'p2mtrace audit traces --shard 3/16',
      'p2mtrace audit traces --dataset fleet --host lab1',
      'p2mtrace audit /fleet/traces --queue redis://queue.lab:6379/0 --store /fleet/store',
    ],
    load: () => import('../commands/audit.js'),
  },
  {
    name: 'audit merge',
    args: [['shards...', 'what p2mtrace audit --shard wrote, all of them']],
    summary: 'make the one report of an audit that several machines did in shards',
    more: `Reports, history, comparison with the baseline and exit code are those of an audit by one machine (docs/fleet.md).
A shard that is missing, there twice, damaged, or of another audit is an error.`,
    options: [STATE, ...CONCLUSION_OPTIONS, CONFIG, NO_CONFIG],
    examples: ['p2mtrace audit merge shard-*.p2ma --reporter pretty --reporter sarif=audit.sarif'],
    load: () => import('../commands/audit-merge.js'),
  },
  {
    name: 'suppress',
    args: [['finding', 'id or signature of a finding']],
    summary: 'leave a finding out of audits',
    options: [
      { flags: '--reason <text>', help: 'why', required: true },
      { flags: '--expires <date>', help: 'last day on which this applies, such as 2026-12-31' },
      { flags: '--suppressions <file>', help: 'where to write it (default: p2mtrace-suppressions.json)' },
      CONFIG,
      NO_CONFIG,
    ],
    examples: ['p2mtrace suppress 58f866a2 --reason "known, fixed in 4.19" --expires 2026-12-31'],
    load: () => import('../commands/suppress.js'),
  },
  {
    name: 'compare',
    args: [
      ['before', 'trace or capture'],
      ['after', 'another one, of the same workload'],
    ],
    summary: 'compare two traces: which findings are new, fixed or the same, which numbers got better or worse',
    more: 'The exit code is 1 if the second trace has a finding at or above --fail-on that the first does not have.',
    options: [
      REPORT_FORMAT,
      {
        flags: '--fail-on <severity>',
        help: 'lowest severity of a new finding that makes the exit code 1',
        choices: ['error', 'warning', 'none'],
        byDefault: 'error',
      },
      STRICT,
      ONLY,
      ...IMPORT_SETTINGS,
      ...PLUGIN_OPTIONS,
    ],
    examples: ['p2mtrace compare before.arrow after.arrow', 'p2mtrace compare 4.17.bin 4.18.bin --format json'],
    load: () => import('../commands/compare.js'),
  },
  {
    name: 'trend',
    args: [],
    summary: 'chart what audits found and measured, night by night',
    more: `With --dataset it is about all traces there: findings by night, by host and release of Xen, when each was first
and last seen, on which hosts it is new, and how far metrics lie apart (docs/fleet.md).`,
    options: [
      { flags: '--trace <path>', help: 'only this trace' },
      { flags: '--dataset <folder>', help: 'what the traces of a dataset have, in place of the history' },
      { flags: '--nights <count>', help: 'show at most this many nights', parse: parseEvents, byDefault: '30' },
      STATE,
      { flags: '--history <file>', help: 'the history (default: history.duckdb in the state folder)' },
      CONFIG,
      NO_CONFIG,
      {
        ...formatOption(['table', 'json', 'csv', 'ndjson', 'md', 'html'], 'table'),
        help: 'output format; html of a dataset',
      },
      { flags: '-o, --output <file>', help: 'file to write (default: stdout)' },
    ],
    examples: [
      'p2mtrace trend',
      'p2mtrace trend --trace traces/leak.ndjson --nights 90',
      'p2mtrace trend --dataset fleet --nights 7',
      'p2mtrace trend --dataset fleet --format html -o fleet.html',
    ],
    load: () => import('../commands/trend.js'),
  },
];
