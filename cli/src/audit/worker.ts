/** A process that audits one trace after the other: if one crashes it, only that trace is lost. */

import type { FactStore } from '@p2mtrace/replayer';
import { FileLock } from '@p2mtrace/trace-format/output';
import { readSealed, writeSealed } from '../output/sealed-file.js';
import { addToDataset } from './add-to-dataset.js';
import type { AuditSettings, AuditTask, DatasetTarget, FromWorker, TaskEnd, ToWorker } from './audit-task.js';
import { auditTrace, prepare } from './audit-trace.js';
import { endWithParent } from './end-with-parent.js';
import { settingsHash } from './settings-hash.js';
import { traceResultSchema } from './trace-result.js';

let settings: AuditSettings = {};
let dataset: DatasetTarget | undefined;
let isAsTold: Promise<boolean> = Promise.resolve(true);

// A terminal sends its signals to all: what they mean for the work at hand is the parent's to say.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
endWithParent(Number(process.argv[2]), Number(process.argv[3]));
process.on('message', async (message: ToWorker) => {
  if ('task' in message) {
    say(await judge(message.task));
    return;
  }
  settings = message.settings;
  dataset = message.dataset;
  // What is loaded is what is hashed after it, or results are not kept: a plugin may be edited meanwhile.
  isAsTold = prepare(settings)
    .then(() => settingsHash(settings))
    .then(
      hash => hash === message.salt,
      () => false,
    );
});

/** Judges a trace, unless another process does so at this moment or has done so meanwhile. */
async function judge(task: AuditTask): Promise<TaskEnd> {
  const { path } = task;
  const lock = await FileLock.take(task.lock, 'audit', holder => tell(`waiting for ${holder}: it works on ${path}`));
  try {
    const kept = readSealed(task.result, traceResultSchema, () => undefined);
    if (kept !== undefined) return await added(task, kept, true);
    let facts: FactStore | undefined;
    const onFacts = (all: FactStore) => {
      facts = all;
    };
    const { result, lasting } = await auditTrace(task, settings, { tell, onFacts: task.adds ? onFacts : undefined });
    const lasts = lasting && (await isAsTold);
    if (lasts) keep(task, result);
    return await added(task, result, lasts, facts);
  } finally {
    lock.release();
  }
}

async function added(
  task: AuditTask,
  result: TaskEnd['result'],
  lasting: boolean,
  facts?: FactStore,
): Promise<TaskEnd> {
  const { key } = task;
  if (dataset === undefined || !task.adds || result.problem !== null) return { key, result, lasting };
  return { key, result, lasting, notAdded: await addToDataset(dataset, task, result, facts, settings, tell) };
}

/** If it can't be kept, the next audit judges the trace again. */
function keep({ result: path }: AuditTask, result: TaskEnd['result']): void {
  try {
    writeSealed(path, result);
  } catch (error) {
    tell(`a result is not kept: ${(error as Error).message}`);
  }
}

const say = (message: FromWorker): unknown => process.send?.(message);
const tell = (told: string): unknown => say({ told });
