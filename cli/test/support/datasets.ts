import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyzeTrace, type TraceSession } from '@p2mtrace/analyzers';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { type fileCalls as Calls, fileCalls } from '@p2mtrace/trace-format/output';
import { addTrace, type JudgedTrace } from '../../src/dataset/add-trace.js';
import { Dataset, filesOf } from '../../src/dataset/dataset.js';
import { openDatasetSession } from '../../src/dataset/dataset-session.js';
import { columnsOf, DATASET_TABLES } from '../../src/dataset/tables.js';

export const NIGHT = Date.UTC(2026, 10, 29, 2, 30);
export const DAY = 86_400_000;

/** A case of the corpus as NDJSON. */
export const corpusCase = (rule: string, file = 'trace'): string =>
  fileURLToPath(new URL(`../../../samples/corpus/rules/${rule}/${file}.ndjson`, import.meta.url));

/** The same as a trace. */
export async function corpusTrace(rule: string, path: string, file = 'trace'): Promise<string> {
  await importNdjson(corpusCase(rule, file), `${rule}.ndjson`, path);
  return path;
}

/** Judges a trace, and says what an audit says of it. */
export async function judgedTrace(trace: string, more: Partial<JudgedTrace> = {}): Promise<JudgedTrace> {
  const reader = TraceReader.open(trace);
  const { findings, customs, notChecked } = await analyzeTrace(reader, { threads: 1 });
  const { rows: events } = reader;
  reader.close();
  const content = createHash('sha256').update(readFileSync(trace)).digest('hex');
  const judgement = {
    path: trace,
    events,
    lost: 0,
    notices: [],
    doubts: [],
    findings,
    customs,
    notChecked,
    metrics: {},
  };
  return { content, key: content, host: 'lab1', trace, written: NIGHT, judgement, ...more };
}

const METRICS = [{ name: 'events', unit: 'events', better: 'neither' }];
export const add = (path: string, judged: JudgedTrace): Promise<void> => addTrace(openHere(path), judged, METRICS);

export const openHere = (path: string): Dataset => Dataset.make(path, () => undefined);

/** All rows of all tables as text, by table, in an order of their own: what any question can see. */
export async function allRows(path: string): Promise<Record<string, readonly string[]>> {
  return withSession(path, async session => {
    const rows: Record<string, readonly string[]> = {};
    for (const table of DATASET_TABLES) {
      const names = columnsOf(table).map(({ name }) => `"${name}"`);
      const found = await session.runAll(`select ${names.join(', ')} from ${table.name}`);
      rows[table.name] = found.rows.map(row => row.map(String).join(' | ')).sort();
    }
    return rows;
  });
}

/** Rows of one query. */
export const ask = (path: string, sql: string): Promise<unknown[][]> =>
  withSession(path, async session => (await session.runAll(sql)).rows as unknown[][]);

async function withSession<T>(path: string, work: (session: TraceSession) => Promise<T>): Promise<T> {
  const session = await openDatasetSession(openHere(path), [], { threads: 1 });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** Files of a dataset that nothing names: Parquet files, unfinished changes, and what is staged. */
export function strayFiles(path: string): string[] {
  const named = new Set(openHere(path).entries().flatMap(filesOf));
  const files = readdirSync(path, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(path.length + 1));
  return files.filter(file => !named.has(file) && !/^dataset\.json$|^_parts\//.test(file));
}

/** Files that a dataset names and does not have. */
export const missingFiles = (path: string): string[] =>
  openHere(path)
    .entries()
    .flatMap(filesOf)
    .filter(file => !existsSync(join(path, file)));

type Call = (...args: never[]) => unknown;

/** How many calls of the system work takes, by which it could be killed. */
export async function callsOf(work: () => Promise<void>): Promise<number> {
  let most = 4096;
  await killedAt(most, work, calls => {
    most = calls;
  });
  return most;
}

/**
 * Does work as by a process that is killed before the call of the system with this number, from 0: none of those that
 * follow does anything, but that descriptors are closed. False if the work ended before.
 */
export async function killedAt(
  number: number,
  work: () => Promise<void>,
  onCalls: (calls: number) => void = () => undefined,
): Promise<boolean> {
  const real = { ...fileCalls };
  let calls = 0;
  let isDead = false;
  for (const [name, call] of Object.entries(real) as [keyof typeof Calls, Call][]) {
    if (name === 'closeSync') continue;
    const mortal: Call = (...args) => {
      isDead ||= calls++ >= number;
      if (!isDead) return call(...args);
      throw Object.assign(new Error('EIO: killed'), { code: 'EIO', syscall: name });
    };
    Object.assign(fileCalls, { [name]: mortal });
  }
  try {
    await work();
  } catch (error) {
    if (!isDead) throw error;
  } finally {
    Object.assign(fileCalls, real);
    onCalls(calls);
  }
  return isDead;
}
