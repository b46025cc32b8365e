import { fileCalls } from './file-calls.js';

/** Puts a damaged file aside under another name; returns that name, undefined if it can't be done. */
export function putAside(path: string, aside = `${path}.damaged`): string | undefined {
  try {
    fileCalls.renameSync(path, aside);
    return aside;
  } catch {
    return undefined;
  }
}
