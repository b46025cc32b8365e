import { P2mError } from '@p2mtrace/trace-format/errors';
import { STOP_SIGNALS } from './interruptible.js';

/** Does work that can be stopped: a signal aborts it with P2M_INTERRUPTED; a second one ends the process. */
export async function stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      leave();
      process.kill(process.pid, signal);
    }
    const remedy = 'nothing was written; run it again';
    controller.abort(new P2mError('P2M_INTERRUPTED', 'the import was interrupted', { blame: 'usage', remedy }));
  };
  const leave = () => {
    for (const signal of STOP_SIGNALS) process.off(signal, stop);
  };
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } finally {
    leave();
  }
}
