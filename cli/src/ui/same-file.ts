import { statSync } from 'node:fs';
import { P2mError } from '@p2mtrace/trace-format/errors';

/** What a file was when the page began: its place on the disk, size and time of the last change. */
export class SameFile {
  private readonly path: string;
  private readonly was: string | undefined;

  constructor(path: string) {
    this.path = path;
    this.was = markOf(path);
  }

  /**
   * What is open would be answered from what the file was, and queries, histories and findings, which open it anew, from
   * what it is now: then nothing is answered any more. @throws P2mError P2M_UI_CHANGED (usage)
   */
  check(): void {
    if (markOf(this.path) === this.was) return;
    throw new P2mError('P2M_UI_CHANGED', `${this.path} was changed, replaced or removed since p2mtrace ui opened it`, {
      blame: 'usage',
      remedy: 'end p2mtrace ui, and start it anew',
    });
  }
}

/** Undefined where there is none. */
function markOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? undefined : `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs}`;
}
