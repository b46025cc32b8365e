import { type BigIntStats, fstatSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { usageError } from '../errors.js';
import { outputKind } from './output-kind.js';
import { fileTarget } from './output-target.js';

/**
 * Checks before hours of work that the outputs can be made, and that none of them is an input or another output, by
 * whatever name, symbolic or hard link.
 * @throws P2mError P2M_OUTPUT, P2M_SAME_FILE, P2M_WRITE (usage)
 */
export function checkOutputs(outputs: readonly string[], inputs: readonly string[]): void {
  const taken = new Map<string, string>();
  for (const input of inputs) {
    const file = input === '-' ? identityOf(() => fstatSync(0, { bigint: true })) : identityOfInput(input);
    if (file !== undefined) taken.set(file, `the input ${input}`);
  }
  for (const output of outputs) {
    const { kind } = outputKind(output);
    if (kind === 'file') checkPlace(output);
    const file =
      kind === 'stdout'
        ? identityOf(() => fstatSync(1, { bigint: true }))
        : (identityOfPath(output) ?? placeOf(output));
    const other = file === undefined ? undefined : taken.get(file);
    if (other !== undefined) {
      throw usageError('P2M_SAME_FILE', `${output} is also ${other}: it would be overwritten`, 'name another output');
    }
    if (file !== undefined && kind !== 'stdout') taken.set(file, `the output ${output}`);
  }
}

function checkPlace(output: string): void {
  if (statOf(dirname(output))?.isDirectory() !== true) {
    throw usageError('P2M_OUTPUT', `${output}: there is no such folder`, 'make the folder, or name another file');
  }
  fileTarget(output);
}

/** undefined for what does not exist, or what any number of commands may use at once, such as a terminal. */
function identityOf(stat: () => BigIntStats): string | undefined {
  try {
    const found = stat();
    return found.isFile() || found.isFIFO() ? `${found.dev} ${found.ino}` : undefined;
  } catch {
    return undefined;
  }
}

const identityOfPath = (path: string) => identityOf(() => statSync(path, { bigint: true }));

/** Also of one that is not there yet, such as a baseline that the command will make. */
function identityOfInput(path: string): string | undefined {
  try {
    return identityOfPath(path) ?? placeOf(path);
  } catch {
    // Reading it says why.
    return undefined;
  }
}

/** Where a file will be that does not exist yet. */
function placeOf(output: string): string | undefined {
  if (statOf(output) !== undefined) return undefined;
  const { path } = fileTarget(output);
  return join(realpathSync(resolve(dirname(path))), basename(path));
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}
