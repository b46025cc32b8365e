import { statSync } from 'node:fs';
import { isCurrent } from '../dataset/add-trace.js';
import { Dataset } from '../dataset/dataset.js';
import type { AuditSettings, AuditTask, DatasetTarget, TaskEnd } from './audit-task.js';
import type { Inputs } from './inputs.js';
import { isTrace } from './recognise.js';
import { placesIn, type ResultStore } from './result-store.js';
import { resultKey, settingsHash } from './settings-hash.js';
import type { StateFolder } from './state-folder.js';
import { failed, type TraceResult } from './trace-result.js';
import { runTasks } from './worker-pool.js';

/** A file and the SHA-256 of its content, in hex; null if it can't be read. */
export interface HashedFile {
  readonly path: string;
  readonly hash: string | null;
}

export interface AuditRun {
  /** By path, one for each file and for each entry that can't be read; of a shard only its own files. */
  readonly results: readonly TraceResult[];
  /** All files, of other shards too, by path. */
  readonly hashed: readonly HashedFile[];
  /** Hash of what results depend on besides the files. */
  readonly salt: string;
  /** Number of different contents among the files. */
  readonly contents: number;
  readonly passedOver: Inputs['passedOver'];
  /** When the newest of the files that could be judged was written; undefined if there is none. */
  readonly newest: Date | undefined;
  /** Files that could not be added to the dataset, and why. */
  readonly notAdded: readonly { readonly path: string; readonly why: string }[];
}

export interface RunOptions {
  readonly settings: AuditSettings;
  readonly workers: number;
  readonly dataset?: DatasetTarget | undefined;
  /** Whether a file with this hash is to be judged; without it, all are. */
  readonly takes?: ((hash: string) => boolean) | undefined;
  readonly onProgress: (done: number, of: number) => void;
  /** Gets what the user should know besides the report. */
  readonly tell: (text: string) => void;
  /** Gets each result once; how long it took in milliseconds, if that is known; null if it was judged before. */
  readonly onResult?: OnResult | undefined;
  /** Whoever judges in place of processes of this machine, and where results are then. */
  readonly elsewhere?: { readonly store: ResultStore; readonly judge: Judge } | undefined;
}

export type OnResult = (result: TraceResult, took: number | undefined | null) => void;

/** Judges tasks, and returns the end of each. @throws P2mError P2M_INTERRUPTED (usage) */
type Judge = (tasks: readonly AuditTask[], salt: string, hashed: readonly HashedFile[]) => Promise<TaskEnd[]>;

/**
 * Audits what is new among the inputs: a stored result is reused if content, settings and version are the same, and the
 * same content is judged once whatever its names. Failures are part of the results; those that may pass are tried again
 * by the next audit.
 * What is judged and not in the dataset is added to it.
 * @throws P2mError P2M_PLUGIN, P2M_PLUGIN_OPTION, P2M_CONFIG, P2M_WRITE (usage), P2M_INTERRUPTED, P2M_DATASET_SCHEMA,
 *   P2M_DATASET_DAMAGED
 */
export async function runAudit(inputs: Inputs, folder: StateFolder, options: RunOptions): Promise<AuditRun> {
  const salt = await settingsHash(options.settings);
  const lacks = await lackingIn(options.dataset, options.tell);
  const results = new Map<string, TraceResult>();
  for (const { path, ...problem } of inputs.unreadable) results.set(path, failed(path, problem));
  const { elsewhere, onResult } = options;
  const tasks = new Map<string, AuditTask>();
  const ends = new Map<string, TraceResult>();
  const keys = new Map<string, string>();
  const hashed: HashedFile[] = [];
  for (const path of inputs.files) {
    try {
      const { hash, stat } = await folder.contentOf(path);
      hashed.push({ path, hash });
      if (options.takes?.(hash) === false) continue;
      const key = resultKey(salt, hash);
      keys.set(path, key);
      if (ends.has(key) || tasks.has(key)) continue;
      const kept = elsewhere === undefined ? folder.result(key) : await elsewhere.store.read(key);
      const adds = lacks(hash, key);
      if (kept !== undefined && (!adds || kept.problem !== null)) ends.set(key, kept);
      else {
        const places = elsewhere?.store.places(key) ?? placesIn(folder, key);
        tasks.set(key, { path, content: hash, key, stat, adds, ...places });
      }
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      if (syscall === undefined) throw error;
      hashed.push({ path, hash: null });
      results.set(path, failed(path, { code: 'P2M_OPEN', message: `it can't be read (${code})` }));
    }
  }
  folder.save();
  for (const result of ends.values()) onResult?.(result, null);
  const notAdded: AuditRun['notAdded'][number][] = [];
  try {
    const ended = elsewhere?.judge([...tasks.values()], salt, hashed) ?? judgeAll([...tasks.values()], salt, options);
    for (const { key, result, notAdded: why } of await ended) {
      ends.set(key, result);
      if (why !== undefined) notAdded.push({ path: tasks.get(key)!.path, why });
    }
  } finally {
    folder.removeLeftovers();
    elsewhere?.store.removeLeftovers();
  }
  for (const [path, key] of keys) results.set(path, resultOf(path, ends.get(key)!));
  const sorted = [...results.keys()].sort().map(path => results.get(path)!);
  return {
    results: sorted,
    hashed,
    salt,
    contents: contentsOf(hashed),
    passedOver: inputs.passedOver,
    newest: newestOf(sorted),
    notAdded,
  };
}

/** Number of different contents. */
export const contentsOf = (hashed: readonly HashedFile[]): number =>
  new Set(hashed.flatMap(({ hash }) => hash ?? [])).size;

/** Whether the dataset lacks a content, judged so; false where there is none. */
async function lackingIn(target: DatasetTarget | undefined, tell: (text: string) => void) {
  if (target === undefined) return () => false;
  const { path, host } = target;
  const dataset = Dataset.make(path, tell);
  await dataset.tidy();
  const have = dataset.byContent();
  return (content: string, key: string) => !isCurrent(dataset, { content, key, host }, have.get(content) ?? []);
}

async function judgeAll(tasks: readonly AuditTask[], salt: string, options: RunOptions): Promise<TaskEnd[]> {
  const { settings, workers, dataset, onProgress, onResult, tell } = options;
  const ends: TaskEnd[] = [];
  const onEnd = (end: TaskEnd, took?: number) => {
    ends.push(end);
    onResult?.(end.result, took);
    onProgress(ends.length, tasks.length);
  };
  onProgress(0, tasks.length);
  await runTasks(tasks, { settings, salt, dataset }, workers, {
    onEnd,
    onCrash: ({ key, path }, message) =>
      onEnd({ key, result: failed(path, { code: 'P2M_WORKER', message }), lasting: false }),
    onTold: tell,
  });
  return ends;
}

/** The same content may have several names, or have had another one. */
function resultOf(path: string, result: TraceResult): TraceResult {
  // A trace made in the state folder has the same name for all of them.
  return { ...result, path, trace: result.trace === result.path || isNamedTrace(path) ? path : result.trace };
}

function isNamedTrace(path: string): boolean {
  try {
    return isTrace(path);
  } catch {
    return false;
  }
}

function newestOf(results: readonly TraceResult[]): Date | undefined {
  let newest: Date | undefined;
  for (const { path, problem } of results) {
    const mtime = problem === null ? statSync(path, { throwIfNoEntry: false })?.mtime : undefined;
    if (mtime !== undefined && (newest === undefined || mtime > newest)) newest = mtime;
  }
  return newest;
}
