import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';
import { InvalidArgumentError } from 'commander';
import { type OptionSpec, parseDuration } from '../options.js';

/** Values of `BUDGET_OPTIONS`. */
export interface Budget {
  /** Bytes, 0 for no limit. */
  readonly memory?: number;
  /** Milliseconds, 0 for no limit. */
  readonly timeLimit?: number;
}

/** `2G`, `512MB`, `1.5GiB`, 0: bytes. Units are of 1024, as memory is. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kKMGT])(?:i?B)?|B)?$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected a size such as 512M, 2G or 1.5GiB, or 0 for no limit.');
  return Math.round(Number(match[1]) * 1024 ** ' KMGT'.indexOf((match[2] ?? ' ').toUpperCase()));
}

/** Three quarters of what the machine, or its control group, has. */
export function defaultMemory(): number {
  const constrained = constrainedMemory();
  const all = totalmem();
  return Math.floor(0.75 * (constrained > 0 ? Math.min(constrained, all) : all));
}

/** Limits that every command has. */
export const BUDGET_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--memory <size>',
    help: 'most memory that the command may take, such as 2G; 0 for no limit (default: three quarters of the machine)',
    parse: parseSize,
  },
  {
    flags: '--time-limit <duration>',
    help: 'how long the command may take, such as 10m; 0 for no limit, as by default',
    parse: parseDuration,
  },
];
