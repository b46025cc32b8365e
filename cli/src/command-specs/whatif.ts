import { InvalidArgumentError } from 'commander';
import type { CommandSpec } from '../command.js';
import { CAPTURE_OPTIONS, CPU_HZ, formatOption, type OptionSpec, parseDomid, parseSeq, STRICT } from '../options.js';
import { TRACE } from './topics.js';

// As in the replayer's lists, which a test compares: help must not load it.
const DISCIPLINES = ['recorded', 'exclusive', 'rwlock', 'range-exclusive', 'range-rw', 'refuse'];
const GRANULARITIES = ['4k', '2m', '1g', 'all'];
const UPGRADES = ['convert', 'declare'];
const MAX_PCPUS = 4096;

/** An option that may be given more than once, each time with one of these. */
function repeatable(flags: string, help: string, choices: readonly string[]): OptionSpec {
  const collect = (text: string): string => {
    if (choices.includes(text)) return text;
    throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
  };
  return { flags, help: `${help}; repeatable (default: all)`, choices, collect };
}

function parsePcpuCount(text: string): number {
  const pcpus = parseSeq(text);
  if (pcpus < 1 || pcpus > MAX_PCPUS) throw new InvalidArgumentError(`Expected a number of pcpus, 1 to ${MAX_PCPUS}.`);
  return pcpus;
}

/** Experiments with the locks of a trace. */
export const WHATIF_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'whatif',
    args: [TRACE],
    summary: 'replay the critical sections of the p2m under other locks, and measure what they would have waited',
    more: `Disciplines: recorded (the locks of the trace), exclusive (one owner of the whole p2m from lookup to put), rwlock
(shared until the first write), range-exclusive and range-rw (the same for granules of 4 KiB, 2 MiB or 1 GiB), refuse
(nobody waits, but what has references can't be changed). docs/lock-design.md tells the method and its limits.
Times are ticks of the TSC, in seconds where its frequency is known.`,
    options: [
      repeatable('--discipline <name>', 'how the p2m is locked', DISCIPLINES),
      repeatable('--granularity <size>', 'what one lock of a range discipline covers', GRANULARITIES),
      repeatable(
        '--upgrade <how>',
        'how readers become writers: convert at the first write, or declare it first',
        UPGRADES,
      ),
      {
        flags: '--fairness <order>',
        help: 'who is first: by arrival, or readers past waiting writers',
        choices: ['fifo', 'reader-preference'],
        byDefault: 'fifo',
      },
      {
        flags: '--foreign <how>',
        help: 'how long a foreign or grant mapping keeps its claim',
        choices: ['while-built', 'while-mapped'],
        byDefault: 'while-built',
      },
      {
        flags: '--pcpus <n>',
        help: 'lay the recorded streams over each other until there are so many pcpus',
        parse: parsePcpuCount,
      },
      { flags: '--seed <n>', help: 'what the delays of the copies are drawn from', parse: parseSeq, byDefault: '1' },
      {
        flags: '--overlay <gfns>',
        help: 'copies use the same gfns, or each its own share of the regions of 2 MiB',
        choices: ['same', 'spread'],
        byDefault: 'same',
      },
      { flags: '--domain <domid>', help: 'only p2ms of this domain; others stay as recorded', parse: parseDomid },
      formatOption(['table', 'json', 'csv', 'md'], 'table'),
      { flags: '-o, --output <file>', help: 'file to write (default: stdout)' },
      { flags: '--report <file>', help: 'also write a page with charts (.html)' },
      CPU_HZ,
      ...CAPTURE_OPTIONS,
      STRICT,
    ],
    examples: [
      'p2mtrace whatif trace.arrow',
      'p2mtrace whatif trace.arrow --discipline recorded --discipline range-rw --granularity 2m --format json',
      'p2mtrace whatif trace.arrow --pcpus 64 --overlay spread --report locks.html',
    ],
    load: () => import('../commands/whatif.js'),
  },
];
