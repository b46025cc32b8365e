import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolder, writeOutput } from '@p2mtrace/trace-format/output';
import * as z from 'zod';
import { jsonText } from '../render/json.js';
import { type TraceResult, traceResultSchema } from './trace-result.js';

const indexSchema = z.record(z.string(), z.strictObject({ stat: z.string(), hash: z.string() }));

/**
 * What audits remember: content hashes of files by size and times, results by content and settings, and the traces made
 * from captures. Each file gets its name when it is complete, so an audit that was killed can be run again.
 */
export class StateFolder {
  readonly path: string;
  private readonly index: Record<string, { stat: string; hash: string }>;
  private changed = false;

  /** @throws P2mError P2M_WRITE (usage) */
  constructor(path: string) {
    this.path = resolve(path);
    for (const folder of ['results', 'traces']) makeFolder(join(this.path, folder));
    this.index = indexSchema.safeParse(readJson(join(this.path, 'index.json'))).data ?? {};
  }

  /** The content hash of a file; read again only if its size or times differ. @throws Error of the file system */
  async hashOf(file: string): Promise<string> {
    const path = resolve(file);
    const { size, mtimeNs, ctimeNs, ino } = statSync(path, { bigint: true });
    const stat = [size, mtimeNs, ctimeNs, ino].join(' ');
    const known = this.index[path];
    if (known?.stat === stat) return known.hash;
    const hash = createHash('sha256');
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece as Uint8Array);
    this.index[path] = { stat, hash: hash.digest('hex') };
    this.changed = true;
    return this.index[path].hash;
  }

  /** Where a result is stored. */
  resultPath(key: string): string {
    return join(this.path, 'results', `${key}.json`);
  }

  /** Where the trace made from a capture is stored. */
  tracePath(key: string): string {
    return join(this.path, 'traces', `${key}.arrow`);
  }

  /** The result stored under a key; undefined if there is none or it is damaged. */
  result(key: string): TraceResult | undefined {
    return traceResultSchema.safeParse(readJson(this.resultPath(key))).data;
  }

  /** Saves the hashes of files. */
  save(): void {
    if (!this.changed) return;
    writeOutput(join(this.path, 'index.json'), jsonText(this.index), { follow: false });
    this.changed = false;
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
