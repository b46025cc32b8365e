import { setImmediate } from 'node:timers/promises';

/** Gives signals and timers a chance during long work. @throws the signal's reason, once it is aborted */
export async function yieldTurn(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  signal?.throwIfAborted();
}
