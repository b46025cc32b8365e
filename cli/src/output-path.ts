import { type BigIntStats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { usageError } from '@p2mtrace/trace-format/errors';

/**
 * Checks that a file can be made there, before hours of work, and that it is not the input.
 * @throws P2mError P2M_OUTPUT, P2M_SAME_FILE (usage)
 */
export function checkOutput(output: string, input: string): void {
  if (statOf(dirname(output))?.isDirectory() !== true) {
    throw usageError('P2M_OUTPUT', `${output}: there is no such folder`, 'make the folder, or name another file');
  }
  if (statOf(output)?.isDirectory() === true) {
    throw usageError('P2M_OUTPUT', `${output} is a directory`, 'name a file');
  }
  // The file has the second name until it is complete.
  for (const name of [output, `${output}.partial`]) {
    if (sameFile(name, input)) {
      throw usageError('P2M_SAME_FILE', `${name} is the input: it would be overwritten`, 'name another output');
    }
  }
}

function sameFile(a: string, b: string): boolean {
  const [first, second] = [statOf(a), statOf(b === '-' ? '/dev/stdin' : b)];
  return first !== undefined && second !== undefined && first.dev === second.dev && first.ino === second.ino;
}

/** undefined if it does not exist or can't be examined: opening it will say why. */
function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}
