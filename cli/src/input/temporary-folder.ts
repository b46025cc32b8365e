import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { usageError } from '@p2mtrace/trace-format/errors';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Folders that are there now. */
const folders = new Set<string>();

/**
 * Makes a folder that is removed by `remove`, at the end of the process, and by signals that end it.
 * @throws P2mError P2M_OUTPUT (usage) if there is no place for it
 */
export function temporaryFolder(): { readonly folder: string; remove(): void } {
  let folder: string;
  try {
    folder = mkdtempSync(join(tmpdir(), 'p2mtrace-'));
  } catch (error) {
    const what = `a temporary folder can't be made: ${(error as Error).message}`;
    throw usageError('P2M_OUTPUT', what, 'name another place for it with TMPDIR');
  }
  if (folders.size === 0) {
    process.on('exit', removeAll);
    for (const signal of SIGNALS) process.on(signal, onSignal);
  }
  folders.add(folder);
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
    if (!folders.delete(folder) || folders.size > 0) return;
    process.off('exit', removeAll);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  return { folder, remove };
}

function removeAll(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

function onSignal(signal: NodeJS.Signals): void {
  // Whoever else listens ends the command in its own way.
  if (process.listenerCount(signal) > 1) return;
  removeAll();
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}
