import { parseSize } from '../budget/budget-options.js';
import type { CommandSpec } from '../command.js';
import {
  formatOption,
  IMPORT_SETTINGS,
  ONLY,
  type OptionSpec,
  PLUGIN_OPTIONS,
  parseDuration,
  parseEvents,
} from '../options.js';
import { parseAddress } from '../watch/metrics-server.js';

const QUEUE: OptionSpec = {
  flags: '--queue <url>',
  help: 'Redis or Valkey, redis://HOST:PORT/NUMBER or rediss:// for TLS (default: P2MTRACE_QUEUE)',
};
const STORE: OptionSpec = { flags: '--store <folder>', help: 'results: a folder that audit and workers all see' };
const METRICS: OptionSpec = {
  flags: '--metrics <host:port>',
  help: 'serve OpenMetrics at /metrics there',
  parse: parseAddress,
};

/** Options of `audit` that have its traces judged by workers. */
export const QUEUE_OPTIONS: readonly OptionSpec[] = [
  { ...QUEUE, help: `have workers judge the traces: ${QUEUE.help}` },
  STORE,
  {
    flags: '--worker-wait <duration>',
    help: 'how long to wait while no worker takes the traces; 0 for no limit (default: 10m)',
    parse: parseDuration,
  },
  METRICS,
];

/** Traces that many machines judge. */
export const FLEET_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'worker',
    args: [],
    summary: 'judge the traces that audits put into a queue, on any number of machines',
    more: `Takes the traces of audits with the same version, options, plugins and symbols, and refuses others. At SIGTERM it
finishes what it works on and leaves; at a second one it leaves that to others. --memory and --timeout are for each trace.
A URL with a password belongs into P2MTRACE_QUEUE (docs/fleet.md).`,
    options: [
      QUEUE,
      STORE,
      { flags: '--jobs <count>', help: 'traces at once (default: one for each core)', parse: parseEvents },
      {
        flags: '--timeout <duration>',
        help: 'how long a trace may take; 0 for no limit',
        parse: parseDuration,
        byDefault: '1h',
      },
      {
        flags: '--memory <size>',
        help: 'most memory that a trace may take, such as 2G; 0 for no limit, as by default',
        parse: parseSize,
      },
      {
        flags: '--stalled <duration>',
        help: 'after this silence of a worker, others take over its traces',
        parse: parseDuration,
        byDefault: '30s',
      },
      METRICS,
      ONLY,
      ...IMPORT_SETTINGS,
      ...PLUGIN_OPTIONS,
    ],
    examples: ['p2mtrace worker --queue redis://queue.lab:6379/0 --store /fleet/store --jobs 2 --memory 2G'],
    hasOwnMemory: true,
    load: () => import('../commands/worker.js'),
  },
  {
    name: 'queue',
    args: [],
    optionalArgs: [['url', 'Redis or Valkey (default: P2MTRACE_QUEUE)']],
    summary: 'show what waits in a queue, what runs, what failed, who is there, and how fast it goes',
    options: [formatOption(['table', 'json'], 'table')],
    examples: ['p2mtrace queue redis://queue.lab:6379/0'],
    load: () => import('../commands/queue.js'),
  },
];
