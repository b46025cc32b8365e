import type { CommandSpec } from '../command.js';
import {
  CAPTURE_OPTIONS,
  FAIL_ON,
  FLAT,
  formatOption,
  IMPORT_SETTINGS,
  ONLY,
  PLUGIN_OPTIONS,
  parseEvents,
  parseSeq,
  parseWidth,
  REPLAY_OPTIONS,
  REPORT_FORMAT,
  STRICT,
} from '../options.js';
import { TRACE } from './topics.js';

/** Defects of one trace. */
export const FINDING_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'analyze',
    args: [TRACE],
    summary: 'look for defects: use after unmap, reference counts, lock order',
    more: 'The exit code is 1 if something at or above --fail-on was found; notes never fail.',
    options: [
      ONLY,
      {
        flags: '--policy <rule...>',
        help: 'also run these rules, which stand for a policy and run only if they are named',
      },
      {
        flags: '--counter-width <bits>',
        help: 'judge reference counts by counters of this many bits, and report the headroom of pages',
        parse: parseWidth,
      },
      REPORT_FORMAT,
      FAIL_ON,
      FLAT,
      ...IMPORT_SETTINGS,
      ...PLUGIN_OPTIONS,
      STRICT,
    ],
    examples: [
      'p2mtrace analyze trace.arrow',
      'p2mtrace analyze trace.arrow --only lock-order --format json',
      'p2mtrace analyze trace.arrow --only refcount.overflow --counter-width 26',
    ],
    load: () => import('../commands/analyze.js'),
  },
  {
    name: 'report',
    args: [TRACE],
    summary: 'write what analyze finds as a page: stories, timelines, lock order, occupancy',
    more: `One HTML file that needs no network (docs/report.md). For several traces: p2mtrace audit --reporter html=FILE.
The exit code is 1 if something at or above --fail-on was found.`,
    options: [
      { flags: '-o, --output <file>', help: 'the page to write (default: stdout)' },
      ONLY,
      FAIL_ON,
      FLAT,
      ...IMPORT_SETTINGS,
      ...PLUGIN_OPTIONS,
      STRICT,
    ],
    examples: ['p2mtrace report trace.arrow -o report.html'],
    load: () => import('../commands/report.js'),
  },
  {
    name: 'explain',
    args: [['about', 'a rule; or a trace, with one of its findings']],
    optionalArgs: [
      ['finding', 'id or signature of a finding, or the beginning of either; append #n for its nth occurrence'],
    ],
    summary: 'explain a rule, or tell how one finding of a trace came about',
    more: `For a finding this prints the witness events with their roles, what is known of its gfn, mfn and locks before (-) and
after (+) each, who wrote that and what the pcpus held, the chain of events behind it, and how to confirm it. The formats
mail, md and html say the same in short, for those who do not have the trace: what, shown by what, where, the witnesses with
seconds and pcpus, how often, and how to see it again.`,
    options: [
      { flags: '--around <n>', help: 'show n raw events before and after each witness', parse: parseSeq },
      {
        ...formatOption(['pretty', 'json', 'mail', 'md', 'html'], 'pretty'),
        help: 'output format; mail is plain ASCII of 72 columns, to paste',
      },
      ...PLUGIN_OPTIONS,
      ...CAPTURE_OPTIONS,
      ...REPLAY_OPTIONS,
      STRICT,
    ],
    examples: [
      'p2mtrace explain refcount.leak',
      'p2mtrace explain leak.arrow 58f866a2#1 --around 5',
      'p2mtrace explain leak.arrow 58f866a2 --format mail',
      "p2mtrace explain stale.arrow 'use-after-unmap.stale-translation | lookup_site'",
    ],
    load: () => import('../commands/explain.js'),
  },
  {
    name: 'slice',
    args: [TRACE, ['finding', 'id or signature of a finding, as explain takes it']],
    summary: 'write the smallest trace, of those tried, that still shows a finding',
    more: `The slice begins with snapshots of what was known of its gfn, mfn and locks, so it replays by itself. Analyzing it gives
the same signature, confidence and severity. It keeps the witnesses, and the writes of their gfn and mfn in between. Prints
the seqs that its events have in the whole trace.`,
    options: [
      { flags: '-o, --output <trace>', help: 'the trace to write (.arrow)', required: true },
      { flags: '--tries <n>', help: 'try at most n slices; each try is a replay', parse: parseEvents },
      REPORT_FORMAT,
      ...PLUGIN_OPTIONS,
      ...CAPTURE_OPTIONS,
      ...REPLAY_OPTIONS,
      STRICT,
    ],
    examples: ['p2mtrace slice leak.arrow 58f866a2 -o small.arrow'],
    load: () => import('../commands/slice.js'),
  },
  {
    name: 'rules',
    args: [],
    summary: 'list the rules of analyze, and which events each needs',
    options: [REPORT_FORMAT, ...PLUGIN_OPTIONS],
    examples: ['p2mtrace rules', 'p2mtrace rules --plugin samples/plugins/hot-gfn.ts'],
    load: () => import('../commands/rules.js'),
  },
];
