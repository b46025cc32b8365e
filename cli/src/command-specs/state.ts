import type { CommandSpec } from '../command.js';
import { LIMIT, parseDomid, parseSeq, REPLAY_OPTIONS, TABLE_FORMAT } from '../options.js';
import { STATE_TABLES } from '../state-tables.js';
import { CONDITIONS, POSITIONS, TRACE } from './topics.js';

/** What the state is at a point of a trace, and how it came to be. */
export const STATE_COMMANDS: readonly CommandSpec[] = [
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
      TABLE_FORMAT,
      LIMIT,
      ...REPLAY_OPTIONS,
    ],
    examples: [
      'p2mtrace replay trace.arrow',
      'p2mtrace replay trace.arrow --show p2m --domain 2 --at #120000',
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
      TABLE_FORMAT,
      LIMIT,
      ...REPLAY_OPTIONS,
    ],
    examples: [
      'p2mtrace history trace.arrow mfn 0x122607',
      'p2mtrace history trace.arrow gfn 1:0x8e07 --last-write-before 897400',
      'p2mtrace history trace.arrow lock p2m --from 372454 --to 372500',
      'p2mtrace history trace.arrow domain 1 --where "kind == pod_populate and order == 9"',
    ],
    load: () => import('../commands/history.js'),
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
      TABLE_FORMAT,
      LIMIT,
      ...REPLAY_OPTIONS,
    ],
    examples: [
      'p2mtrace diff trace.arrow --from #897398 --to #897410',
      'p2mtrace diff trace.arrow --from +1s --to +2s --domain 1 --summary',
      'p2mtrace diff before.arrow after.arrow --only p2m --format json',
    ],
    load: () => import('../commands/diff.js'),
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
    load: () => import('../commands/debug.js'),
  },
];
