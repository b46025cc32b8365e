import { statSync } from 'node:fs';
import { isStdout } from '@p2mtrace/trace-format/output';
import type { Context } from '../command.js';
import { visible } from '../text/visible.js';
import { count } from './cell.js';

/** Says on stderr that a file was written, and what is in it; for a pipe or device there is no size to tell. */
export function sayWritten({ err }: Context, path: string, what?: string): void {
  const stat = isStdout(path) ? undefined : statSync(path, { throwIfNoEntry: false });
  const parts = [what, stat?.isFile() === true ? `${count(stat.size)} bytes` : undefined];
  err.note(
    `${isStdout(path) ? 'stdout' : visible(path)}: ${parts.filter(part => part !== undefined).join(', ') || 'written'}\n`,
  );
}
