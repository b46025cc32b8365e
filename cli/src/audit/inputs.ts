import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { P2mError } from '@p2mtrace/trace-format/errors';

/** Names of files in a folder that count as traces and captures. A file named directly may have any name. */
const INPUT = /\.(?:arrow|bin|xentrace|ndjson|jsonl)(?:\.gz)?$/;

/**
 * The files to audit, each once, in the order of their names; folders are searched, except hidden ones.
 * @throws P2mError P2M_OPEN (usage)
 */
export function inputFiles(paths: readonly string[]): string[] {
  const files = new Set<string>();
  for (const path of paths) {
    if (isFolder(path)) for (const file of filesBelow(path)) files.add(file);
    else files.add(path);
  }
  return [...files].sort();
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw new P2mError('P2M_OPEN', `it can't be read (${(error as NodeJS.ErrnoException).code})`, {
      blame: 'usage',
      place: { file: path },
      remedy: 'name traces, captures, or folders that have them',
    });
  }
}

function* filesBelow(folder: string): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }: Dirent) => !name.startsWith('.'));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !entry.name.endsWith('.p2mfacts')) yield* filesBelow(path);
    else if (entry.isFile() && INPUT.test(entry.name)) yield path;
  }
}
