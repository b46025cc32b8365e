import { usageError } from '@p2mtrace/trace-format/errors';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Signals that end the wait. Workers go on: the next audit finds what they did. */
export class WaitSignals {
  private readonly stop: () => void;
  private readonly stopped: Promise<never>;

  constructor() {
    let reject: (error: Error) => void = () => undefined;
    this.stopped = new Promise((_, no) => {
      reject = no;
    });
    this.stopped.catch(() => undefined);
    this.stop = () =>
      reject(usageError('P2M_INTERRUPTED', 'the audit was interrupted', 'run it again: workers go on meanwhile'));
    for (const signal of SIGNALS) process.once(signal, this.stop);
  }

  /** @throws P2mError P2M_INTERRUPTED (usage), or what the work throws */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.stopped]);
  }

  off(): void {
    for (const signal of SIGNALS) process.off(signal, this.stop);
  }
}
