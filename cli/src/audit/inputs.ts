import { type BigIntStats, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isTemporaryName } from '@p2mtrace/trace-format/output';
import { recognise } from './recognise.js';

/** A file or folder that can't be read, or has no name that can be told. */
interface Unreadable {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** What an audit looks at, each by path in the order of their names. */
export interface Inputs {
  readonly files: readonly string[];
  readonly unreadable: readonly Unreadable[];
  /** What is no trace by its content or name, and why. */
  readonly passedOver: readonly { readonly path: string; readonly why: string }[];
}

/**
 * The files to audit; folders are searched. Files of a folder are recognised by what is in them, a file that is named is
 * one to audit whatever it is. Links are followed, and no folder is searched twice. `own`: folders that are passed over, by
 * what they are: the state folder, whose traces are made from captures, and the dataset.
 */
export async function findInputs(paths: readonly string[], own: Readonly<Record<string, string>>): Promise<Inputs> {
  const search = new Search(own);
  for (const path of paths) await search.look(path, true);
  return {
    files: [...search.files].sort(),
    unreadable: [...search.unreadable.values()].sort(byPath),
    passedOver: [...search.passedOver].map(([path, why]) => ({ path, why })).sort(byPath),
  };
}

const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

class Search {
  readonly files = new Set<string>();
  readonly unreadable = new Map<string, Unreadable>();
  readonly passedOver = new Map<string, string>();
  /** Folders that were searched, by device and inode. */
  private readonly seen = new Map<string, string>();
  /** What a folder is, by device and inode. */
  private readonly own = new Map<string, string>();

  constructor(own: Readonly<Record<string, string>>) {
    for (const [path, what] of Object.entries(own)) {
      const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (stat !== undefined) this.own.set(identity(stat), what);
    }
  }

  async look(path: string, isNamed: boolean): Promise<void> {
    try {
      const stat = statSync(path, { bigint: true });
      if (stat.isDirectory()) await this.lookBelow(path, stat);
      else if (stat.isFile()) await this.lookAt(path, isNamed);
      else if (isNamed) this.refuse(path, 'P2M_NOT_A_FILE', 'it is no regular file');
      else this.passedOver.set(path, 'no regular file');
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      if (syscall === undefined) throw error;
      const why = code === 'ENOENT' ? 'there is no such file' : code === 'ELOOP' ? 'links in a circle' : code;
      this.refuse(path, 'P2M_OPEN', `it can't be read (${why})`);
    }
  }

  private async lookAt(path: string, isNamed: boolean): Promise<void> {
    const what = isNamed ? 'input' : await recognise(path);
    if (what === 'input') this.files.add(path);
    else this.passedOver.set(path, what === 'ours' ? 'made by p2mtrace' : 'neither trace nor capture');
  }

  private async lookBelow(folder: string, stat: BigIntStats): Promise<void> {
    const id = identity(stat);
    const before = this.seen.get(id);
    const own = this.own.get(id);
    if (own !== undefined) this.passedOver.set(folder, own);
    else if (before !== undefined) {
      if (before !== folder) this.passedOver.set(folder, `the same folder as ${before}`);
    } else {
      this.seen.set(id, folder);
      for (const name of readdirSync(folder, { encoding: 'buffer' }).sort(Buffer.compare))
        await this.lookIn(folder, name);
    }
  }

  private async lookIn(folder: string, bytes: Buffer): Promise<void> {
    const name = bytes.toString('utf8');
    const path = join(folder, name);
    if (!Buffer.from(name).equals(bytes)) this.refuse(path, 'P2M_OPEN', 'its name is not UTF-8: rename it');
    else if (name.startsWith('.')) this.passedOver.set(path, 'hidden');
    else if (name.endsWith('.p2mfacts') || isTemporaryName(name)) this.passedOver.set(path, 'made by p2mtrace');
    else await this.look(path, false);
  }

  private refuse(path: string, code: string, message: string): void {
    this.unreadable.set(path, { path, code, message });
  }
}

const identity = ({ dev, ino }: BigIntStats): string => `${dev}:${ino}`;
