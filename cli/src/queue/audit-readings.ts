import type { Server } from 'node:http';
import type { OnResult } from '../audit/run-audit.js';
import type { MetricsAddress } from '../watch/metrics-server.js';
import { AuditNumbers } from './audit-numbers.js';

export interface ReadingOptions {
  readonly metrics?: MetricsAddress;
}

/** What an audit counts, and where that can be read meanwhile. */
export class AuditReadings {
  /** Traces that are not done. */
  open = 0;
  private readonly numbers = new AuditNumbers();
  private readonly address: MetricsAddress | undefined;
  private readonly began = Date.now();
  private server: Server | undefined;

  constructor({ metrics }: ReadingOptions) {
    this.address = metrics;
  }

  readonly onResult: OnResult = (result, took) => {
    this.numbers.add(result, took === null);
    if (typeof took === 'number') this.numbers.took(took);
  };

  /** @throws P2mError P2M_METRICS (usage) if nobody can listen there */
  async serve(): Promise<void> {
    if (this.address === undefined) return;
    const { serveMetrics } = await import('../watch/metrics-server.js');
    const { auditMetrics } = await import('./audit-metrics.js');
    this.server = await serveMetrics(this.address, () => {
      const seconds = Math.max(1, (Date.now() - this.began) / 1000);
      const now = { open: this.open, eventsPerSecond: Math.round(this.numbers.events / seconds) };
      return auditMetrics(this.numbers, now, process.memoryUsage.rss());
    });
  }

  end(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}
