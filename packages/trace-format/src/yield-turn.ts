import { setImmediate } from 'node:timers/promises';

/** Lets signals and timers have their turn in long work. @throws the signal's reason, once it is aborted */
export async function yieldTurn(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  signal?.throwIfAborted();
}
