import { statSync } from 'node:fs';
import type { Context } from '../command.js';
import { count } from './cell.js';

/** Says on stderr that a file was written, and what is in it; for a pipe or device there is no size to tell. */
export function sayWritten({ err }: Context, path: string, what?: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  const parts = [what, stat?.isFile() === true ? `${count(stat.size)} bytes` : undefined];
  err.note(`${path}: ${parts.filter(part => part !== undefined).join(', ') || 'written'}\n`);
}
