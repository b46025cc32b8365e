import type { CommandSpec } from '../command.js';
import {
  CAPTURE_OPTIONS,
  LIMIT,
  parseDomid,
  parseDuration,
  parsePort,
  parseSeq,
  REPLAY_OPTIONS,
  STRICT,
  TABLE_FORMAT,
} from '../options.js';
import { STATE_TABLES } from '../state-tables.js';
import { CONDITIONS, POSITIONS, TRACE } from './topics.js';

/** The state at a point of a trace, and how it came about. */
export const STATE_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'replay',
    args: [TRACE],
    summary: 'rebuild p2m, M2P, pages, locks and other state, and show it at a position',
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
      TABLE_FORMAT,
      LIMIT,
      ...CAPTURE_OPTIONS,
      ...REPLAY_OPTIONS,
      STRICT,
    ],
    examples: [
      'p2mtrace replay trace.arrow',
      `p2mtrace replay trace.arrow --show p2m --domain 1 --at '#120000'`,
      'p2mtrace replay trace.arrow --show pages --at +1.5s --cpu-hz 2.5G --format csv',
    ],
    load: () => import('../commands/replay.js'),
  },
  {
    name: 'history',
    args: [
      TRACE,
      ['about', 'gfn, mfn, lock or domain'],
      ['which', 'DOMID:GFN or DOMID:GFN@VIEW; an mfn; address or class of a lock; a domid'],
    ],
    summary: 'list all that happened to a gfn, mfn, lock or domain, and who did it',
    more: `A row is a fact that lasted from one event to another (mapping, page, ref, lookup, lock, …), or a single event. by and
ended_by have the pcpu, the running vcpu, the call site (the event's own, or that of the innermost lock that its pcpu
held), and that lock's class.

${POSITIONS}

${CONDITIONS}`,
    options: [
      { flags: '--from <position>', help: 'first event' },
      { flags: '--to <position>', help: 'last event' },
      { flags: '--where <condition>', help: 'only what was begun or ended by an event that meets this' },
      {
        flags: '--last-write-before <seq>',
        help: 'only the last event before this one that wrote or changed it',
        parse: parseSeq,
      },
      TABLE_FORMAT,
      LIMIT,
      ...CAPTURE_OPTIONS,
      ...REPLAY_OPTIONS,
      STRICT,
    ],
    examples: [
      'p2mtrace history leak.arrow mfn 0x12040',
      'p2mtrace history trace.arrow gfn 1:0x8e07 --last-write-before 89740',
      'p2mtrace history leak.arrow lock p2m --from 0 --to 10',
      'p2mtrace history trace.arrow domain 1 --where "kind == pod_populate and order == 9"',
    ],
    load: () => import('../commands/history.js'),
  },
  {
    name: 'diff',
    args: [TRACE],
    optionalArgs: [['other', 'another trace to compare with']],
    summary: 'show what differs between two points of a trace, or between two traces',
    more: `Entries that say the same but differ in size or writer are not shown. Within one trace, a page that was freed and allocated
again, and a lock that was released and taken again, are.

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
      { flags: '--summary', help: 'one row for all changes that are alike, with their number and frames' },
      TABLE_FORMAT,
      LIMIT,
      ...CAPTURE_OPTIONS,
      ...REPLAY_OPTIONS,
      STRICT,
    ],
    examples: [
      `p2mtrace diff trace.arrow --from '#89739' --to '#89741'`,
      'p2mtrace diff trace.arrow --from +1s --to +2s --domain 1 --summary',
      'p2mtrace diff before.arrow after.arrow --only p2m --format json',
    ],
    load: () => import('../commands/diff.js'),
  },
  {
    name: 'debug',
    args: [TRACE],
    summary: 'step through a trace, forward and back, and ask how its state came about',
    more: `Commands (help explains them; they may be abbreviated while they stay unique):
  goto, step, rstep, next, prev, until, watch, rwatch; show, list, who, why, history, diff; help, quit

A script has one command on each line; # starts a comment. Only results are printed. The first line that fails ends the
script with exit code 2. Without a terminal the script is read from stdin.

${CONDITIONS}`,
    options: [
      { flags: '--script <file>', help: 'commands to run instead of a prompt; - for stdin' },
      { flags: '-k, --keep-going', help: 'go on after a line of the script that fails; the exit code is still 2' },
      { flags: '--at <position>', help: 'where to start', byDefault: 'start' },
      ...CAPTURE_OPTIONS,
      ...REPLAY_OPTIONS,
      STRICT,
    ],
    examples: [
      'p2mtrace debug trace.arrow',
      `printf '%s\\n' 'goto end' 'why mfn 0x12040' | p2mtrace debug leak.arrow --script -`,
    ],
    load: () => import('../commands/debug.js'),
  },
  {
    name: 'ui',
    args: [['traces...', 'a trace, or two to compare; a capture or NDJSON is imported to a temporary trace']],
    usage: '<trace> [other] [options]',
    summary: 'look around in a trace in a browser: time as a slider, the p2m as a map',
    more: `Serves a page on 127.0.0.1 and prints its address, which has a token in it: whoever has the address sees the trace.
Nobody else is talked to. Ctrl-C ends it. See docs/ui.md.`,
    options: [
      {
        flags: '--port <port>',
        help: 'port to listen on (default: any that is free)',
        parse: parsePort,
        byDefault: '0',
      },
      { flags: '--no-open', help: 'do not open a browser' },
      {
        flags: '--whatif <file>',
        help: 'what p2mtrace whatif --format json wrote about a trace: its charts are shown',
      },
      { flags: '--memory-limit <size>', help: 'how much memory a query may take', byDefault: '2GB' },
      {
        flags: '--timeout <duration>',
        help: 'how long a query may take; 0 for no limit',
        parse: parseDuration,
        byDefault: '10m',
      },
      ...CAPTURE_OPTIONS,
      ...REPLAY_OPTIONS,
      STRICT,
    ],
    examples: ['p2mtrace ui trace.arrow', 'p2mtrace ui before.arrow after.arrow --port 8042 --no-open'],
    load: () => import('../commands/ui.js'),
  },
];
