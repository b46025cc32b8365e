import { InvalidArgumentError } from 'commander';
import { parseSize } from '../budget/budget-options.js';
import { parseDuration } from '../options.js';

/** How much of a stream is kept: for so many milliseconds, or so many bytes. */
export interface Keep {
  readonly ms?: number;
  readonly bytes?: number;
}

export const DEFAULT_KEEP: Keep = { ms: 600_000 };

/** `10min`, `90s`, `4GB`. */
export function parseKeep(text: string): Keep {
  const time = text.replace(/min$/, 'm');
  if (/^[\d.]+(?:ms|s|m|h|d)$/.test(time) && parseDuration(time) > 0) return { ms: parseDuration(time) };
  if (/^[\d.]+\s*[kKMGT]i?B?$/.test(text) && parseSize(text) > 0) return { bytes: parseSize(text) };
  throw new InvalidArgumentError('Expected a time or a size, such as 10min, 1h or 4GB.');
}
