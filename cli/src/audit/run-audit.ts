import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { optionsOf } from '@p2mtrace/analyzers';
import { loadPlugins, pluginFiles } from '../plugins/load-plugins.js';
import { jsonText } from '../render/json.js';
import { version } from '../version.js';
import type { AuditSettings, AuditTask } from './audit-task.js';
import { inputFiles } from './inputs.js';
import type { StateFolder } from './state-folder.js';
import { NOTHING, type TraceResult } from './trace-result.js';
import { runTasks } from './worker-pool.js';

export interface AuditRun {
  readonly results: readonly TraceResult[];
  /** Number of traces audited now; the others were unchanged. */
  readonly audited: number;
}

/**
 * Audits what is new among the paths: a stored result is reused if content, settings and version are the same. Failures
 * are part of the results, and are tried again next time if the worker crashed.
 * @throws P2mError P2M_OPEN, P2M_PLUGIN, P2M_PLUGIN_OPTION, P2M_CONFIG (usage)
 */
export async function runAudit(
  paths: readonly string[],
  settings: AuditSettings,
  folder: StateFolder,
  workers: number,
  onProgress: (done: number, of: number) => void,
): Promise<AuditRun> {
  const salt = await settingsHash(settings);
  const results = new Map<string, TraceResult>();
  const tasks: AuditTask[] = [];
  for (const path of inputFiles(paths)) {
    const key = createHash('sha256')
      .update(`${salt} ${await folder.hashOf(path)}`)
      .digest('hex')
      .slice(0, 32);
    const kept = folder.result(key);
    // The same content may exist in several places, or may have been moved.
    if (kept !== undefined) results.set(path, { ...kept, path, trace: path.endsWith('.arrow') ? path : kept.trace });
    else tasks.push({ path, key, trace: folder.tracePath(key), result: folder.resultPath(key) });
  }
  folder.save();
  let done = 0;
  onProgress(0, tasks.length);
  await runTasks(tasks, settings, workers, (task, crash) => {
    const result = folder.result(task.key);
    const problem = { code: 'P2M_WORKER', message: crash ?? 'its worker left no result' };
    results.set(task.path, crash === undefined && result !== undefined ? result : failed(task, problem));
    onProgress(++done, tasks.length);
  });
  const sorted = [...results.keys()].sort();
  return { results: sorted.map(path => results.get(path)!), audited: tasks.length };
}

function failed({ path, trace }: AuditTask, problem: { code: string; message: string }): TraceResult {
  const none = { events: 0, lost: 0, findings: [], ...NOTHING, notChecked: [], metrics: {}, notices: [] };
  return { version: 2, path, trace, problem, ...none };
}

/**
 * Hash of everything that results depend on besides the file. Symbols, plugins and the configuration count by content,
 * options of plugins by their resulting values.
 */
async function settingsHash(settings: AuditSettings): Promise<string> {
  const contents = [settings.symbols, ...(await pluginFiles(settings))].map(contentOf);
  const options = (await loadPlugins(settings)).map(plugin => [plugin.id, optionsOf(plugin)]);
  return createHash('sha256')
    .update(jsonText([version(), settings, contents, options]))
    .digest('hex');
}

function contentOf(path: string | undefined): string {
  try {
    return path === undefined ? '' : readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
