import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type AnalysisReport, chooseRules, RULES } from '@p2mtrace/analyzers';
import type { Compression } from '@p2mtrace/trace-format';
import { usageError } from '@p2mtrace/trace-format/errors';
import { makeFolder } from '@p2mtrace/trace-format/output';
import type { Context, Run } from '../command.js';
import { EXIT } from '../exit.js';
import type { InputFormat } from '../input/detect.js';
import { type ImportSettings, importInto } from '../input/import-input.js';
import { inputDamage } from '../input/input-damage.js';
import { type Input, openInput } from '../input/open-input.js';
import { withTrace } from '../open-trace.js';
import { holdOutput } from '../output/hold-output.js';
import { Progress } from '../render/progress.js';
import { visible } from '../text/visible.js';
import { Delivery } from '../watch/deliver.js';
import type { Keep } from '../watch/keep.js';
import { KnownFindings } from '../watch/known.js';
import { type MetricsAddress, serveMetrics } from '../watch/metrics-server.js';
import { metricsText } from '../watch/metrics-text.js';
import { Teller } from '../watch/teller.js';
import { Watcher } from '../watch/watcher.js';

interface Options extends ImportSettings {
  readonly format: 'pretty' | 'json';
  readonly input?: InputFormat;
  readonly keep?: Keep;
  readonly pieces?: string;
  readonly onFinding?: string;
  readonly run?: string;
  readonly webhook?: string;
  readonly metrics?: MetricsAddress;
  readonly baseline?: string;
  readonly suppressions?: string;
  readonly only?: string[];
  readonly policy?: string[];
  readonly counterWidth?: number;
  readonly failOn: 'error' | 'warning' | 'none';
  readonly progress?: string;
}

export const run: Run<readonly [string], Options> = async (args, options, context) => {
  const { pieces, onFinding } = options;
  const folder = pieces ?? (onFinding === undefined ? undefined : join(onFinding, RECENT));
  if (folder === undefined) return watched(args, options, context);
  makeFolder(folder);
  return holdOutput(join(folder, 'watch'), 'watch', () => watched(args, { ...options, pieces: folder }, context));
};

/** Folder of the pieces, in that of the findings. */
const RECENT = 'recent';

const watched: typeof run = async ([path], options, context) => {
  const { keep, pieces, onFinding, compress = 'zstd', counterWidth } = options;
  if (keep !== undefined && pieces === undefined) {
    throw usageError('P2M_PIECES', '--keep does not say where', 'name a folder with --pieces, or with --on-finding');
  }
  const [only, policies] = [options.only, options.policy].map((names = []) => names.flatMap(name => name.split(',')));
  let undelivered = 0;
  const delivery = new Delivery({ command: options.run, webhook: options.webhook }, what => {
    undelivered++;
    context.err.say(`p2mtrace: a finding did not arrive at ${visible(what)}\n`);
  });
  const teller = new Teller(context, options.format === 'json', delivery);
  const compression: Compression | undefined = compress === 'none' ? undefined : compress;
  const watcher = new Watcher(
    { keep, pieces, onFinding, compression, only, policies, counterWidth },
    new KnownFindings(options.baseline, options.suppressions),
    teller,
  );
  const numbers = () => Object.assign(watcher.numbers, { notDelivered: undelivered });
  const text = () => metricsText(numbers(), process.memoryUsage.rss());
  const server = options.metrics && (await serveMetrics(options.metrics, text));
  try {
    const code = isFile(path)
      ? await watchTrace(path, options, context, watcher)
      : await watchStream(path, options, context, watcher);
    const report = watcher.report ?? EMPTY;
    await delivery.done();
    await teller.end(report, numbers(), chooseRules(RULES, only, policies).length);
    if (code !== EXIT.fine) return code;
    return fails(watcher.numbers.told, options.failOn) ? EXIT.findings : EXIT.fine;
  } finally {
    await watcher.close();
    server?.close();
    server?.closeAllConnections();
  }
};

const EMPTY: AnalysisReport = { findings: [], incidents: [], customs: [], divergences: [], notChecked: [] };

function fails({ error, warning }: Readonly<Record<'error' | 'warning', number>>, failOn: Options['failOn']): boolean {
  if (failOn === 'none') return false;
  return error > 0 || (failOn === 'warning' && warning > 0);
}

/** A pipe, a FIFO and a device are read as they come. */
const isFile = (path: string): boolean => path !== '-' && statSync(path, { throwIfNoEntry: false })?.isFile() !== false;

/** A recording that has ended: its order and what it has are known before. */
const watchTrace = (path: string, options: Options, context: Context, watcher: Watcher): Promise<number> =>
  withTrace(path, options, context, async reader => {
    const progress = new Progress(context, options.progress, 'events', reader.rows);
    try {
      await watcher.feed(reader, progress.update);
      await watcher.finish();
    } finally {
      progress.end();
    }
    return EXIT.fine;
  });

async function watchStream(path: string, options: Options, context: Context, watcher: Watcher): Promise<number> {
  const opened = await openInput(path, options.input);
  const input: Input = { ...opened, stream: gated(opened, watcher) };
  try {
    const metadata = await importInto(input, watcher, options);
    await watcher.finish();
    const damage = inputDamage(input, metadata);
    if (damage === undefined) return EXIT.fine;
    context.err.say(`p2mtrace: ${visible(damage)}\n`);
    return EXIT.input;
  } catch (error) {
    for (const problem of input.problems) context.err.say(`p2mtrace: ${visible(problem)}\n`);
    throw error;
  }
}

/** Bytes come only while nothing is being judged. */
async function* gated({ stream }: Input, watcher: Watcher): AsyncGenerator<Uint8Array> {
  for await (const piece of stream ?? []) {
    await watcher.idle();
    yield piece;
  }
}
