import { resolve } from 'node:path';
import { usageError } from '@p2mtrace/trace-format/errors';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import { absoluteSettings } from '../audit/absolute-settings.js';
import { type AuditOptions, resolveOptions } from '../audit/audit-options.js';
import { findInputs, type Inputs } from '../audit/inputs.js';
import { checkMetrics } from '../audit/own-metrics.js';
import { type AuditRun, runAudit } from '../audit/run-audit.js';
import { StateFolder } from '../audit/state-folder.js';
import type { Context, Run } from '../command.js';
import { checkOutside } from '../dataset/outside.js';
import { EXIT } from '../exit.js';
import { Conclusion, type ConclusionOptions } from '../fleet/conclude-audit.js';
import { isInShard, type Shard, shardName } from '../fleet/shard.js';
import { writeShard } from '../fleet/shard-file.js';
import { auditConfig } from '../plugins/configuration.js';
import { tookPart } from '../plugins/load-plugins.js';
import { AuditReadings, type ReadingOptions } from '../queue/audit-readings.js';
import { type QueueChoice, queueOf } from '../queue/queue-of.js';
import { counted } from '../render/cell.js';
import { Progress } from '../render/progress.js';
import { sayWritten } from '../render/written.js';
import { visible } from '../text/visible.js';

interface Options extends AuditOptions, ConclusionOptions, QueueChoice, ReadingOptions {
  readonly shard?: Shard;
  readonly output?: string;
  readonly progress?: string;
}

export const run: Run<readonly [string[]], Options> = async ([named], given, context) => {
  const options: Options = { ...(await auditConfig(given.config)), ...given };
  const paths = named.length > 0 ? named : (options.paths ?? []);
  if (paths.length === 0) {
    throw usageError(
      'P2M_USAGE',
      'there is nothing to audit',
      'name traces, captures or folders, or audit.paths in the configuration',
    );
  }
  checkMetrics(options.measures ?? []);
  if (options.queue !== undefined && options.dataset !== undefined) {
    throw usageError(
      'P2M_USAGE',
      'workers of a queue add nothing to a dataset',
      'give --dataset to an audit without --queue, or to shards',
    );
  }
  if (options.shard !== undefined) return runShard(paths, options.shard, given, options, context);
  if (options.output !== undefined) {
    throw usageError('P2M_USAGE', '--output is where a shard goes', '--reporter NAME=FILE writes a report');
  }
  const conclusion = new Conclusion(options);
  const inputs = await findInputs(paths, ownFolders(options));
  const { reports, own } = conclusion.files;
  checkFiles(inputs, reports, own, options);
  const audited = await judged(inputs, options, context);
  const code = await conclusion.reach({ ...audited, ...(await namesOf(options)) }, context);
  checkAdded(audited, options);
  return code;
};

/** What is passed over where it lies among the inputs. */
function ownFolders({ dataset, store, ...options }: Options): Record<string, string> {
  return {
    [resolveOptions(options).state]: 'the state folder',
    ...(dataset && { [dataset]: 'the dataset' }),
    ...(store && { [store]: 'the store' }),
  };
}

/** Once all else is written. @throws P2mError P2M_DATASET (usage) */
function checkAdded({ notAdded }: AuditRun, { dataset }: Options): void {
  const [first] = notAdded;
  if (first === undefined) return;
  throw usageError(
    'P2M_DATASET',
    `${counted(notAdded.length, 'trace')} could not be added to ${dataset}; ${first.path}: ${first.why}`,
    'correct that, and run it again: it adds what is missing',
  );
}

/** What belongs to the merge: a shard that took it would leave the user in the belief that it has an effect. */
const OF_THE_MERGE = {
  reporter: '--reporter',
  baseline: '--baseline',
  updateBaseline: '--update-baseline',
  pruneBaseline: '--prune-baseline',
  suppressions: '--suppressions',
  failOn: '--fail-on',
  expect: '--expect',
  maxAge: '--max-age',
  strict: '--strict',
  flat: '--flat',
  history: '--history',
  retain: '--retain',
} as const satisfies Partial<Record<keyof Options, string>>;

/** Judges a part of the inputs. What it finds is no reason to fail: the merge says what that means. */
async function runShard(
  paths: readonly string[],
  shard: Shard,
  given: Options,
  options: Options,
  context: Context,
): Promise<number> {
  for (const [name, flag] of Object.entries(OF_THE_MERGE)) {
    if (given[name as keyof Options] === undefined) continue;
    throw usageError('P2M_USAGE', `${flag} has no effect on a shard`, 'give it to p2mtrace audit merge');
  }
  if (options.queue !== undefined || options.store !== undefined) {
    throw usageError('P2M_USAGE', '--shard and --queue are two ways to deal out the work', 'give one of them');
  }
  const output = options.output ?? `shard-${shardName(shard)}.p2ma`;
  const inputs = await findInputs(paths, ownFolders(options));
  checkFiles(inputs, [output], [], options);
  const audited = await judged(inputs, options, context, shard);
  const { results, hashed, salt, passedOver, newest } = audited;
  writeShard(output, {
    shard,
    salt,
    ...(await namesOf(options)),
    files: hashed,
    unreadable: inputs.unreadable,
    passedOver,
    newest: newest?.getTime() ?? null,
    results,
  });
  sayWritten(context, output, `${counted(results.length, 'file')} of ${hashed.length + inputs.unreadable.length}`);
  checkAdded(audited, options);
  return EXIT.fine;
}

async function judged(inputs: Inputs, options: Options, context: Context, shard?: Shard): Promise<AuditRun> {
  const progress = new Progress(context, options.progress, 'traces');
  const tell = (text: string) => {
    progress.end();
    context.err.say(`p2mtrace: ${visible(text)}\n`);
  };
  const settings = absoluteSettings(options);
  const { state, workers } = resolveOptions(options);
  const dataset = options.dataset === undefined ? undefined : { path: resolve(options.dataset), host: options.host };
  const takes = shard && ((hash: string) => isInShard(hash, shard));
  const readings = new AuditReadings(options);
  const onProgress = (done: number, of: number) => {
    readings.open = of - done;
    progress.update(done, of);
  };
  const { onResult } = readings;
  try {
    const folder = new StateFolder(state, tell);
    await readings.serve();
    const elsewhere = await queueOf(options, { settings, onProgress, onResult, tell }, context);
    return await runAudit(inputs, folder, {
      settings,
      workers,
      dataset,
      takes,
      elsewhere,
      onProgress,
      onResult,
      tell,
    });
  } finally {
    progress.end();
    readings.end();
  }
}

/** Configuration and plugins, as the report names them. */
async function namesOf(options: Options): Promise<{ config: string | null; plugins: string[] }> {
  const { config, plugins } = await tookPart(options);
  return { config: config ?? null, plugins: [...plugins] };
}

/** Before hours of work: no output may overwrite a trace or a file of the audit. */
function checkFiles(
  { files }: Inputs,
  outputs: readonly string[],
  own: readonly string[],
  { symbols, config, dataset }: Options,
): void {
  if (dataset !== undefined) checkOutside(outputs, dataset);
  checkOutputs(outputs, [...files, ...own, ...[symbols, config].filter(file => typeof file === 'string')]);
}
