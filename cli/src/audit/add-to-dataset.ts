import { statSync } from 'node:fs';
import type { FactStore } from '@p2mtrace/replayer';
import { addTrace } from '../dataset/add-trace.js';
import { Dataset } from '../dataset/dataset.js';
import type { AuditSettings, AuditTask, DatasetTarget } from './audit-task.js';
import { checkUnchanged, madeTrace } from './made-trace.js';
import { ALL_METRICS } from './metrics.js';
import { ownMetrics } from './own-metrics.js';
import { isTrace } from './recognise.js';
import type { TraceResult } from './trace-result.js';

/** Kept from trace to trace: what it has read need not be read again. */
let open: { readonly path: string; readonly dataset: Dataset } | undefined;

/** Adds a trace that was judged now or before; returns why that can't be done, undefined if it is. */
export async function addToDataset(
  { path, host }: DatasetTarget,
  task: AuditTask,
  result: TraceResult,
  facts: FactStore | undefined,
  settings: AuditSettings,
  tell: (text: string) => void,
): Promise<string | undefined> {
  try {
    if (open?.path !== path) open = { path, dataset: Dataset.make(path, tell) };
    const isMade = !isTrace(task.path);
    // An earlier audit may have judged it, and its trace may be gone since.
    if (isMade) await madeTrace(task, settings, [], tell);
    else checkUnchanged(task);
    const { content, key } = task;
    const trace = isMade ? task.trace : task.path;
    const written = statSync(task.path).mtimeMs;
    const judgement = { ...result, path: task.path };
    await addTrace(open.dataset, { content, key, host, trace, written, judgement, facts }, [
      ...ALL_METRICS,
      ...(await ownMetrics(settings.config)),
    ]);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
