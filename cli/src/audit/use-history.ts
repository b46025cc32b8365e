import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { usageError } from '@p2mtrace/trace-format/errors';
import {
  FileLock,
  ForeignFile,
  lockHolder,
  putAside,
  removeAbandoned,
  removeOutput,
  withScratchFolder,
} from '@p2mtrace/trace-format/output';
import { copyHistory } from './copy-history.js';
import { AuditHistory } from './history.js';

/** How long another process, which has the history, is waited for. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 100;

const DAMAGED =
  /not a valid DuckDB|corrupt|could not read enough bytes|deserializ|serialization error|internal error|read-only mode/i;
const LOCKED = /could not set lock/i;

type Work = (history: AuditHistory) => Promise<void>;

/**
 * Changes the history: a copy of it, which takes its place when all is written. Other audits wait meanwhile.
 * @param anew gets what the user should know when a damaged or empty file was put aside and the history begins anew
 * @throws P2mError P2M_HISTORY (usage) if it can't be used, or others have it for longer than a minute; P2M_OUTPUT,
 *   P2M_WRITE (usage)
 */
export async function changeHistory(path: string, work: Work, anew: (text: string) => void): Promise<void> {
  const file = new ForeignFile(path);
  const lock = await lockOf(path);
  try {
    // What a process left that was killed in the middle of this.
    removeAbandoned(path, 0);
    await file.write(async copy => {
      await copied(path, copy, anew);
      await withHistory(path, copy, work);
    });
  } finally {
    lock.release();
  }
}

/**
 * Reads the history, from a copy: what an earlier version made lacks columns, and what is there stays as it is.
 * @throws P2mError P2M_HISTORY, P2M_WRITE (usage)
 */
export async function readHistory(path: string, work: Work): Promise<void> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    throw usageError('P2M_HISTORY', `there is no history in ${path}`, 'p2mtrace audit makes one');
  }
  await withScratchFolder(async folder => {
    const copy = join(folder, 'history.duckdb');
    await copied(path, copy);
    await withHistory(path, copy, work);
  });
}

/** @throws P2mError P2M_HISTORY (usage) */
async function lockOf(path: string): Promise<FileLock> {
  const name = `${path}.lock`;
  try {
    return await FileLock.take(name, 'audit', undefined, AbortSignal.timeout(PATIENCE_MS));
  } catch {
    throw usageError(
      'P2M_HISTORY',
      `${path} is in use by ${lockHolder(name)}`,
      'wait, or --history names another file',
    );
  }
}

/** Copies what is there, if it is a history, and waits for a process that has it open. */
async function copied(path: string, copy: string, anew?: (text: string) => void): Promise<void> {
  const begun = Date.now();
  while (existsSync(path)) {
    try {
      await copyHistory(path, copy);
      return;
    } catch (error) {
      const { message } = error as Error;
      for (const left of [copy, `${copy}.wal`]) removeOutput(left);
      if (LOCKED.test(message) && Date.now() - begun < PATIENCE_MS) await setTimeout(PAUSE_MS);
      else if (anew !== undefined && DAMAGED.test(message)) {
        anew(`${path} is damaged and was put aside as ${setAside(path)}: the history begins anew`);
      } else throw historyError(path, error);
    }
  }
}

async function withHistory(path: string, copy: string, work: Work): Promise<void> {
  try {
    const history = await AuditHistory.open(copy);
    try {
      await work(history);
    } finally {
      history.close();
    }
  } catch (error) {
    throw historyError(path, error);
  }
}

/** Nights are not made again, so nothing that was put aside before is replaced. @throws P2mError P2M_HISTORY (usage) */
function setAside(path: string): string {
  const aside = `${path}.damaged-${new Date().toISOString().replaceAll(':', '')}`;
  const wal = `${path}.wal`;
  if (putAside(path, aside) === undefined || (existsSync(wal) && putAside(wal, `${aside}.wal`) === undefined)) {
    const what = `${path} is damaged and can't be put aside`;
    throw usageError('P2M_HISTORY', what, 'remove it, or --history names another file');
  }
  return aside;
}

/** DuckDB's errors begin with their kind: `IO Error: …`. */
const isOfDuckDB = (error: unknown): error is Error =>
  error instanceof Error && /^(?:[A-Z][\w-]+ )+[Ee]rror: /.test(error.message);

function historyError(path: string, error: unknown): unknown {
  if (!isOfDuckDB(error)) return error;
  return usageError('P2M_HISTORY', `${path} can't be used: ${error.message}`, remedyOf(error.message));
}

function remedyOf(message: string): string {
  if (LOCKED.test(message)) return 'wait for the process that has it, or --history names another file';
  if (DAMAGED.test(message)) return 'p2mtrace audit puts it aside and begins another';
  return '--history names another file, and an audit with --no-history keeps none';
}
