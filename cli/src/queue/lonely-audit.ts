import { usageError } from '@p2mtrace/trace-format/errors';

/** Tells when no worker takes the traces, and gives up in the end. */
export class LonelyAudit {
  private since: number | undefined;
  private told = '';
  private readonly wait: number;
  private readonly name: string;
  private readonly tell: (text: string) => void;

  constructor(wait: number, name: string, tell: (text: string) => void) {
    this.wait = wait;
    this.name = name;
    this.tell = tell;
  }

  /** @throws P2mError P2M_NO_WORKER (usage) */
  check(workers: { readonly fits: number; readonly refusals: readonly string[] } | undefined): void {
    if (workers === undefined) return;
    const { fits, refusals } = workers;
    const why = refusals.length === 0 ? 'there is none' : refusals.join('. ');
    if (fits > 0) {
      this.since = undefined;
      if (refusals.length > 0 && this.told !== why) this.tell(`not all workers take the traces. ${why}`);
      this.told = why;
      return;
    }
    this.since ??= Date.now();
    const waited = Date.now() - this.since;
    if (this.wait > 0 && waited >= this.wait) {
      throw usageError(
        'P2M_NO_WORKER',
        `no worker at ${this.name} takes the traces: ${why}`,
        'start p2mtrace worker with the version, options and plugins of the audit; the traces stay in the queue',
      );
    }
    if (this.told !== why) this.tell(`waiting for a worker that takes the traces: ${why}`);
    this.told = why;
  }
}
