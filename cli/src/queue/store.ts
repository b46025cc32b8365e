import { usageError } from '@p2mtrace/trace-format/errors';
import { FolderStore, type ResultStore } from '../audit/result-store.js';

/** The store that is named: a folder on shared storage. @throws P2mError P2M_USAGE, P2M_WRITE (usage) */
export function openStore(named: string | undefined, tell: (text: string) => void): ResultStore {
  if (named === undefined) {
    throw usageError(
      'P2M_USAGE',
      'results of a queue go through a store',
      '--store names a folder that audit and workers all see',
    );
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(named)) {
    throw usageError('P2M_USAGE', 'a store of this kind is not known', '--store names a folder');
  }
  return new FolderStore(named, tell);
}
