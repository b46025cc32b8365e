import { existsSync, readFileSync } from 'node:fs';

/** Of Linux; resourceUsage would count what the parent had when it started us. */
const STATUS = '/proc/self/status';

/** Most memory that this process has had so far, in MB. */
export function peakMemory() {
  if (!existsSync(STATUS)) return process.resourceUsage().maxRSS / 1000;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(STATUS, 'latin1'))[1]) / 1000;
}
