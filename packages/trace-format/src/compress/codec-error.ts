import { P2mError } from '../errors.js';

/** A codec is not there, or does not work here: one is native code, the other WebAssembly. */
export function codecError(name: string, other: string, cause: unknown): P2mError {
  return new P2mError('P2M_CODEC', `${name} can't be loaded: ${(cause as Error).message}`, {
    blame: 'usage',
    remedy: `install p2mtrace anew, with optional dependencies; traces can also have ${other} or no compression`,
    cause,
  });
}
