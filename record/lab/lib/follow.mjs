import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { filesBelow } from './kept.mjs';

/** Makes a folder the same as another one; only what differs is written, so that make has little to do. */
export function follow(from, to) {
  for (const { path, link } of filesBelow(from)) {
    const target = join(to, relative(from, path));
    if (!link && existsSync(target) && readFileSync(target).equals(readFileSync(path))) continue;
    mkdirSync(dirname(target), { recursive: true });
    rmSync(target, { force: true });
    cpSync(path, target, { verbatimSymlinks: true });
  }
}
