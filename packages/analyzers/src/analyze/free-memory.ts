import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Less is not worth the time. */
const WORTH_IT = 256 << 20;

/**
 * Frees large arrays that nobody uses any more, before native code takes memory: V8 sees nothing of that, and would
 * keep them until it needs memory itself.
 */
export function freeMemory(): void {
  if (process.memoryUsage().external < WORTH_IT) return;
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
