import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { usageError } from '@p2mtrace/trace-format/errors';
import { putAside } from '@p2mtrace/trace-format/output';
import { AuditHistory } from './history.js';

/** How long another audit, which writes its night, is waited for. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 100;

const DAMAGED = /not a valid DuckDB|corrupt|could not read enough bytes|deserializ|serialization error|internal error/i;
const LOCKED = /could not set lock/i;

/**
 * Reads or writes the history, and waits for another process that does so.
 * @param anew gets what the user should know when a damaged or empty file was put aside and the history begins anew;
 *   without it, such a file is refused
 * @throws P2mError P2M_HISTORY (usage) if it can't be used, or another process has it for longer than a minute
 */
export async function useHistory(
  path: string,
  work: (history: AuditHistory) => Promise<void>,
  anew?: (text: string) => void,
): Promise<void> {
  const begun = Date.now();
  let wasPutAside = false;
  for (;;) {
    try {
      await withHistory(path, work);
      return;
    } catch (error) {
      if (!isOfDuckDB(error)) throw error;
      const { message } = error;
      if (LOCKED.test(message) && Date.now() - begun < PATIENCE_MS) {
        await setTimeout(PAUSE_MS);
      } else if (anew !== undefined && DAMAGED.test(message) && !wasPutAside && existsSync(path)) {
        wasPutAside = true;
        anew(`${path} is damaged and was put aside as ${setAside(path)}: the history begins anew`);
      } else {
        throw usageError('P2M_HISTORY', `${path} can't be used: ${message}`, remedyOf(message));
      }
    }
  }
}

async function withHistory(path: string, work: (history: AuditHistory) => Promise<void>): Promise<void> {
  const history = await AuditHistory.open(path);
  try {
    await work(history);
  } finally {
    history.close();
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

function remedyOf(message: string): string {
  if (LOCKED.test(message)) return 'wait for the process that has it, or --history names another file';
  if (DAMAGED.test(message)) return 'p2mtrace audit puts it aside and begins another';
  return '--history names another file, and an audit with --no-history keeps none';
}
