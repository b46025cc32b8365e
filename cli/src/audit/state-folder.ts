import { createHash } from 'node:crypto';
import { type BigIntStats, createReadStream, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FileLock, isTemporaryName, makeFolder, putAside, removeOutput } from '@p2mtrace/trace-format/output';
import * as z from 'zod';
import { readSealed, writeSealed } from '../output/sealed-file.js';
import { type TraceResult, traceResultSchema } from './trace-result.js';

const indexSchema = z.record(z.string(), z.strictObject({ stat: z.string(), hash: z.string() }));
const INDEX = 'index';
/** Names in the state folder that belong to a key, or to the index. */
const OURS = /^([0-9a-f]{32}|index(?:\.json)?)(?:\.|$)/;
/** A file that changed so shortly ago may change again without another time. */
const SETTLED_MS = 1000;
/** Where there are no locks, what was not written to for this long was left unfinished. */
const ABANDONED_MS = 86_400_000;

/** The content of a file, and the file as it was meanwhile. */
export interface Content {
  readonly hash: string;
  /** `statText` of the file. */
  readonly stat: string;
}

/**
 * What audits remember: content hashes of files by size and times, results by content and settings, and the traces made
 * from captures. Any number of audits and their workers may use it at once, and be killed: each file gets its name when
 * it is complete and has a checksum, and who works on a key has its lock.
 */
export class StateFolder {
  readonly path: string;
  private readonly index: Record<string, Content>;
  private readonly tell: (text: string) => void;
  private changed = false;

  /** @throws P2mError P2M_WRITE (usage) if the folder can't be made */
  constructor(path: string, tell: (text: string) => void) {
    this.path = resolve(path);
    this.tell = tell;
    for (const folder of ['results', 'traces', 'locks']) makeFolder(join(this.path, folder));
    this.index = readSealed(this.indexPath, indexSchema, this.discard) ?? {};
    this.removeLeftovers();
  }

  /** The content of a file; read again only if its size or times differ. @throws Error of the file system */
  async contentOf(file: string): Promise<Content> {
    const path = resolve(file);
    const before = statSync(path, { bigint: true });
    const stat = statText(before);
    const known = this.index[path];
    if (known?.stat === stat) return known;
    const hash = createHash('sha256');
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece as Uint8Array);
    const content = { stat, hash: hash.digest('hex') };
    if (Date.now() - Number(before.ctimeMs) > SETTLED_MS) {
      this.index[path] = content;
      this.changed = true;
    }
    return content;
  }

  /** Where the result of a key is stored. */
  resultPath(key: string): string {
    return join(this.path, 'results', `${key}.json`);
  }

  /** Where the trace made from a capture is stored. */
  tracePath(key: string): string {
    return join(this.path, 'traces', `${key}.arrow`);
  }

  /** What a worker holds while it works on a key. */
  lockPath(key: string): string {
    return join(this.path, 'locks', key);
  }

  /** The result stored under a key; undefined if there is none. A damaged one is put aside. */
  result(key: string): TraceResult | undefined {
    return readSealed(this.resultPath(key), traceResultSchema, this.discard);
  }

  /** Saves the hashes of files; where that can't be done, they are read again the next time. */
  save(): void {
    if (!this.changed) return;
    const lock = FileLock.tryTake(this.lockPath(INDEX), 'audit');
    // Another audit saves its own at this moment; what is not remembered is only read again.
    if (lock === undefined) return;
    try {
      writeSealed(this.indexPath, this.index);
    } catch (error) {
      this.tell(`which files were read is not kept: ${(error as Error).message}`);
    } finally {
      lock.release();
    }
    this.changed = false;
  }

  /** Removes what processes that were killed left unfinished: nobody works on it, as its lock can be had. */
  removeLeftovers(): void {
    for (const folder of ['.', 'results', 'traces', 'locks']) {
      for (const name of readdirSync(join(this.path, folder))) {
        const [, key] = OURS.exec(name) ?? [];
        if (key === undefined || (folder !== 'locks' && !isTemporaryName(name))) continue;
        const lock = FileLock.tryTake(this.lockPath(key.replace('.json', '')), 'audit');
        if (lock === undefined) continue;
        const path = join(this.path, folder, name);
        // A lock that nobody held is gone with its release.
        if (folder !== 'locks' && (lock.isHeld || isAbandoned(path))) removeOutput(path);
        lock.release();
      }
    }
  }

  private readonly discard = (path: string): void => {
    const aside = putAside(path);
    this.tell(`${path} is damaged${aside === undefined ? '' : ` and was put aside as ${aside}`}; it is made again`);
  };

  private get indexPath(): string {
    return join(this.path, `${INDEX}.json`);
  }
}

function isAbandoned(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > ABANDONED_MS;
}

/** What differs whenever a file may have changed. */
export const statText = ({ size, mtimeNs, ctimeNs, ino }: BigIntStats): string =>
  [size, mtimeNs, ctimeNs, ino].join(' ');
