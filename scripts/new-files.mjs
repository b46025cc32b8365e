/** Files of the project, as scripts/new.mjs makes and changes them; paths are relative to the repository. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const at = path => join(ROOT, path);

/** An error that the caller can put right. */
export class NewError extends Error {}

export const isThere = path => existsSync(at(path));

/** Makes a file, which must not exist. @throws NewError */
export function create(path, text) {
  if (isThere(path)) throw new NewError(`${path} is there already`);
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
  return path;
}

/**
 * Changes a file: each pair is a pattern that occurs once in it, and its replacement.
 * @throws Error if the file is not as this script expects it
 */
export function change(path, ...pairs) {
  let text = readFileSync(at(path), 'utf8');
  for (const [pattern, replacement] of pairs) {
    const changed = text.replace(pattern, replacement);
    if (changed === text) throw new Error(`${path} has no ${pattern}: scripts/new-*.mjs must follow what it became`);
    text = changed;
  }
  writeFileSync(at(path), text);
  return path;
}

export const camel = name => name.replace(/[-_](\w)/g, (_, letter) => letter.toUpperCase());
