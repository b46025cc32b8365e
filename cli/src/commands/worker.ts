import { cpus } from 'node:os';
import { P2mError } from '@p2mtrace/trace-format/errors';
import { absoluteSettings } from '../audit/absolute-settings.js';
import type { AuditOptions } from '../audit/audit-options.js';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { auditConfig } from '../plugins/configuration.js';
import { auditMetrics } from '../queue/audit-metrics.js';
import { queueAddress } from '../queue/queue-address.js';
import { runWorker } from '../queue/run-worker.js';
import { openStore } from '../queue/store.js';
import { WorkerCounts } from '../queue/worker-counts.js';
import { visible } from '../text/visible.js';
import { type MetricsAddress, serveMetrics } from '../watch/metrics-server.js';

interface Options extends AuditOptions {
  readonly queue?: string;
  readonly store?: string;
  readonly jobs?: number;
  readonly timeout: number;
  readonly memory?: number;
  readonly stalled: number;
  readonly metrics?: MetricsAddress;
}

/** Shorter, and a worker that is only busy would be taken for dead. */
const LEAST_STALLED_MS = 1000;

export const run: Run<readonly [], Options> = async (_, given, { err }) => {
  const options: Options = { ...(await auditConfig(given.config)), ...given };
  const { jobs = cpus().length, timeout, memory = 0, metrics } = options;
  const tell = (text: string) => err.say(`p2mtrace: ${visible(text)}\n`);
  const address = queueAddress(options.queue);
  const store = openStore(options.store, tell);
  const counts = new WorkerCounts();
  const server =
    metrics &&
    (await serveMetrics(metrics, () => {
      const now = { open: counts.running, eventsPerSecond: counts.speed.eventsPerSecond };
      return auditMetrics(counts.numbers, now, process.memoryUsage.rss());
    }));
  const stalled = Math.max(options.stalled, LEAST_STALLED_MS);
  const limits = { timeout, memory };
  err.note(`p2mtrace: takes traces from ${address.name}, ${jobs} at once\n`);
  const settings = absoluteSettings(options);
  const left = await runWorker({ address, settings, store, jobs, limits, stalled, counts, tell }).finally(() => {
    // Whoever has sent half a request would be waited for.
    server?.closeAllConnections();
    server?.close();
  });
  const { judged, kept, failed } = counts.numbers;
  err.note(`p2mtrace: judged ${judged}, ${kept} were judged already, ${failed} failed\n`);
  if (left.why === 'unfit') {
    throw new P2mError('P2M_STORE', `this worker can't go on: ${left.what}`, {
      remedy: 'correct that, and start it again; its traces went to others',
    });
  }
  return left.why === 'hurried' ? EXIT.interrupted : EXIT.fine;
};
