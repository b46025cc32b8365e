import { usageError } from '@p2mtrace/trace-format/errors';
import type { Context } from './command.js';
import type { CommonOptions } from './common-options.js';
import { version } from './version.js';

/** Does what the common options say; returns the options for the command. @throws P2mError P2M_USAGE (usage) */
export function applyCommonOptions<T extends CommonOptions>(options: T, { out, err }: Context): T {
  const { color = 'auto', quiet, verbose } = options;
  if (quiet === true && verbose === true) {
    throw usageError('P2M_USAGE', '--quiet and --verbose contradict each other', 'give one of them');
  }
  out.color(color);
  err.color(color);
  err.level = quiet === true ? 'quiet' : verbose === true ? 'verbose' : 'normal';
  err.detail(`p2mtrace ${version()}, Node.js ${process.version}\n`);
  return quiet === true ? { ...options, progress: 'never' } : options;
}

/** With --verbose: how long a command took, and its peak of memory. */
export function sayCost(name: string, milliseconds: number, { err }: Context): void {
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  err.detail(`${name}: ${(milliseconds / 1000).toFixed(2)} s, ${megabytes} MB of memory at most\n`);
}
