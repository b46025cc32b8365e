import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { AuditSettings, AuditTask, TaskEnd } from './audit-task.js';
import type { Inputs } from './inputs.js';
import { isTrace } from './recognise.js';
import { placesIn, type ResultStore } from './result-store.js';
import { settingsHash } from './settings-hash.js';
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
}

export interface RunOptions {
  readonly settings: AuditSettings;
  readonly workers: number;
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
type Judge = (tasks: readonly QueuedTask[], salt: string, hashed: readonly HashedFile[]) => Promise<TaskEnd[]>;

/** A task, and the SHA-256 of the file in hex. */
export interface QueuedTask extends AuditTask {
  readonly hash: string;
}

/**
 * Audits what is new among the inputs: a stored result is reused if content, settings and version are the same, and the
 * same content is judged once whatever its names. Failures are part of the results; those that may pass are tried again
 * by the next audit.
 * @throws P2mError P2M_PLUGIN, P2M_PLUGIN_OPTION, P2M_CONFIG (usage), P2M_INTERRUPTED
 */
export async function runAudit(inputs: Inputs, folder: StateFolder, options: RunOptions): Promise<AuditRun> {
  const salt = await settingsHash(options.settings);
  const results = new Map<string, TraceResult>();
  for (const { path, ...problem } of inputs.unreadable) results.set(path, failed(path, problem));
  const { elsewhere, onResult } = options;
  const tasks = new Map<string, QueuedTask>();
  const ends = new Map<string, TraceResult>();
  const keys = new Map<string, string>();
  const hashed: HashedFile[] = [];
  for (const path of inputs.files) {
    try {
      const { hash, stat } = await folder.contentOf(path);
      hashed.push({ path, hash });
      if (options.takes?.(hash) === false) continue;
      const key = createHash('sha256').update(`${salt} ${hash}`).digest('hex').slice(0, 32);
      keys.set(path, key);
      if (ends.has(key) || tasks.has(key)) continue;
      const kept = elsewhere === undefined ? folder.result(key) : await elsewhere.store.read(key);
      if (kept !== undefined) ends.set(key, kept);
      else tasks.set(key, { path, key, stat, hash, ...(elsewhere?.store.places(key) ?? placesIn(folder, key)) });
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      if (syscall === undefined) throw error;
      hashed.push({ path, hash: null });
      results.set(path, failed(path, { code: 'P2M_OPEN', message: `it can't be read (${code})` }));
    }
  }
  folder.save();
  for (const result of ends.values()) onResult?.(result, null);
  try {
    const ended = elsewhere?.judge([...tasks.values()], salt, hashed) ?? judgeAll([...tasks.values()], salt, options);
    for (const { key, result } of await ended) ends.set(key, result);
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
  };
}

/** Number of different contents. */
export const contentsOf = (hashed: readonly HashedFile[]): number =>
  new Set(hashed.flatMap(({ hash }) => hash ?? [])).size;

async function judgeAll(tasks: readonly AuditTask[], salt: string, options: RunOptions): Promise<TaskEnd[]> {
  const { settings, workers, onProgress, onResult, tell } = options;
  const ends: TaskEnd[] = [];
  const onEnd = (end: TaskEnd, took?: number) => {
    ends.push(end);
    onResult?.(end.result, took);
    onProgress(ends.length, tasks.length);
  };
  onProgress(0, tasks.length);
  await runTasks(tasks, { settings, salt }, workers, {
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
