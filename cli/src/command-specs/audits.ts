import type { CommandSpec } from '../command.js';
import {
  CONFIG,
  FLAT,
  formatOption,
  IMPORT_SETTINGS,
  ONLY,
  PLUGIN_OPTIONS,
  PROGRESS,
  parseDuration,
  parseEvents,
  REPORT_FORMAT,
} from '../options.js';

/** Defects of many traces, night by night. */
export const AUDIT_COMMANDS: readonly CommandSpec[] = [
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
      ONLY,
      FLAT,
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
    load: () => import('../commands/audit.js'),
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
    load: () => import('../commands/suppress.js'),
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
    options: [
      { flags: '--trace <path>', help: 'only this trace' },
      { flags: '--nights <count>', help: 'at most so many nights', parse: parseEvents, byDefault: '30' },
      { flags: '--state <folder>', help: 'what audits remember (default: .p2mtrace)' },
      { flags: '--history <file>', help: 'the history (default: history.duckdb in the state folder)' },
      CONFIG,
      formatOption(['table', 'json', 'csv', 'ndjson', 'md'], 'table'),
    ],
    examples: ['p2mtrace trend', 'p2mtrace trend --trace traces/host1.bin --nights 90'],
    load: () => import('../commands/trend.js'),
  },
];
