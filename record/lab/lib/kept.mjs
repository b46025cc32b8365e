import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';

const DONE = '.done';
/** Results of one step that are kept side by side: trees and faults change back and forth. */
const KEEP = 3;

/**
 * What all files below some paths contain, as one number; names are relative, so that a folder may move. Files and folders
 * whose names `leaves` is true for do not count.
 */
export function contentOf(paths, leaves) {
  const hash = createHash('sha256');
  for (const path of paths) for (const file of filesBelow(path, leaves)) hashFile(hash, path, file);
  return hash.digest('hex');
}

function hashFile(hash, base, { path, link }) {
  hash
    .update(`${relative(base, path)}\0`)
    .update(link ? readlinkSync(path) : readFileSync(path))
    .update('\0');
}

/** Files and links below a path, or the path itself, in one order; without those whose names `leaves` is true for. */
export function filesBelow(path, leaves = name => name === '.git') {
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOTDIR') return [{ path, link: false }];
    throw error;
  }
  return entries
    .filter(({ name }) => !leaves(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const inside = join(path, entry.name);
      if (entry.isDirectory()) return filesBelow(inside, leaves);
      return entry.isFile() || entry.isSymbolicLink() ? [{ path: inside, link: entry.isSymbolicLink() }] : [];
    });
}

/** The stamp of a step: what went into it. */
function stampOf(inputs) {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 16);
}

/**
 * The folder with a step's result: what an earlier run made of the same inputs, or else what make(folder) puts there
 * now. A step that was interrupted left no mark, and is made again.
 */
export async function kept(cache, name, inputs, make, say) {
  const folder = join(cache, `${name}-${stampOf(inputs)}`);
  if (existsSync(join(folder, DONE))) {
    writeFileSync(join(folder, DONE), JSON.stringify(inputs));
    say(`${name}: kept from an earlier run`);
    return folder;
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const start = Date.now();
  say(`${name} …`);
  await make(folder);
  writeFileSync(join(folder, DONE), JSON.stringify(inputs));
  say(`${name}: ${((Date.now() - start) / 1000).toFixed(0)} s`);
  forget(cache, name);
  return folder;
}

/** Removes all results of a step but the last few used. */
function forget(cache, name) {
  const used = readdirSync(cache)
    .filter(entry => new RegExp(`^${name}-[0-9a-f]{16}$`).test(entry))
    .map(entry => ({ entry, time: statSync(join(cache, entry, DONE), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.time - a.time);
  for (const { entry } of used.slice(KEEP)) rmSync(join(cache, entry), { recursive: true, force: true });
}
