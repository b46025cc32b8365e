import { statSync } from 'node:fs';
import { checkName } from './output-target.js';

/** Names that the system has for open descriptors. */
const DESCRIPTOR = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/;

/**
 * What an output is: `stdout`, also under its other names; an open descriptor; a device or FIFO, to which is written; or
 * a file, which is replaced.
 */
export type OutputKind =
  | { readonly kind: 'stdout' | 'stream' | 'file' }
  | { readonly kind: 'descriptor'; readonly fd: number };

/** @throws P2mError P2M_OUTPUT (usage) if nothing can have the name */
export function outputKind(output: string): OutputKind {
  if (output === '-' || output === '/dev/stdout') return { kind: 'stdout' };
  if (output === '/dev/stderr') return { kind: 'descriptor', fd: 2 };
  const [, number] = DESCRIPTOR.exec(output) ?? [];
  if (number === '1') return { kind: 'stdout' };
  if (number !== undefined) return { kind: 'descriptor', fd: Number(number) };
  checkName(output);
  return { kind: isStream(output) ? 'stream' : 'file' };
}

/** True for stdout by any of its names. */
export const isStdout = (output: string | undefined): boolean =>
  output === undefined || outputKind(output).kind === 'stdout';

function isStream(path: string): boolean {
  try {
    // Not in floats: after those of a FIFO, Node 20 resolves no links when it loads the next module.
    const found = statSync(path, { bigint: true });
    return !found.isFile() && !found.isDirectory();
  } catch {
    // Writing to it says why.
    return false;
  }
}
