import { renameSync, rmSync } from 'node:fs';
import { P2mError } from '@p2mtrace/trace-format';

/** Files that get their names together, once all of them are complete. */
export class OutputSet {
  private readonly paths: string[] = [];

  /** Where the file that will be `path` is written until then. */
  add(path: string): string {
    this.paths.push(path);
    return waitingName(path);
  }

  /** @throws P2mError P2M_WRITE (usage) */
  publish(): void {
    for (const path of this.paths) {
      try {
        renameSync(waitingName(path), path);
      } catch (cause) {
        throw new P2mError('P2M_WRITE', `the piece is whole but can't get its name: ${(cause as Error).message}`, {
          blame: 'usage',
          place: { file: path },
          remedy: 'name files in a folder that can be written to',
          cause,
        });
      }
    }
  }

  /** Removes the files that have not got their names yet. */
  discard(): void {
    for (const path of this.paths) rmSync(waitingName(path), { force: true });
  }
}

const waitingName = (path: string): string => `${path}.whole`;
