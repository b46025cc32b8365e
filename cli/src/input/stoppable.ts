import { P2mError } from '@p2mtrace/trace-format/errors';
import { STOP_SIGNALS } from './interruptible.js';

/** Does work that can be stopped: SIGINT or SIGTERM aborts its signal with P2M_INTERRUPTED; a second one ends the process. */
export async function stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => {
    const remedy = 'nothing was written; run it again';
    controller.abort(new P2mError('P2M_INTERRUPTED', 'the import was interrupted', { blame: 'usage', remedy }));
  };
  for (const signal of STOP_SIGNALS) process.once(signal, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, stop);
  }
}
