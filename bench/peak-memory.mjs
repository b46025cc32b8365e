import { existsSync, readFileSync } from 'node:fs';

/** Linux only; resourceUsage would include the memory of the parent when it started this process. */
const STATUS = '/proc/self/status';

/** Peak memory of this process so far, in MB. */
export function peakMemory() {
  if (!existsSync(STATUS)) return process.resourceUsage().maxRSS / 1000;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(STATUS, 'latin1'))[1]) / 1000;
}
