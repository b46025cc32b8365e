import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { P2mError } from '@p2mtrace/trace-format/errors';
import { writeOutput } from '@p2mtrace/trace-format/output';
import * as z from 'zod';
import { traceResultSchema } from '../audit/trace-result.js';
import { jsonText } from '../render/json.js';
import { version } from '../version.js';

const FORMAT = 'p2mtrace-shard';

/** What every version of the form has. */
const headSchema = z.looseObject({ format: z.literal(FORMAT), tool: z.string() });
const schema = z.strictObject({
  format: z.literal(FORMAT),
  /** Version of p2mtrace that made it; another one reads none of the rest. */
  tool: z.string(),
  shard: z.strictObject({ index: z.int().positive(), count: z.int().positive() }),
  /** Hash of options, contents of plugins, configuration and symbols, and of the version. */
  salt: z.string(),
  /** Names of the configuration and plugins, as the report tells them. */
  config: z.string().nullable(),
  plugins: z.array(z.string()),
  /** All files that the machine found, with the SHA-256 of each (null if it can't be read), and what else was there. */
  files: z.array(z.strictObject({ path: z.string(), hash: z.string().nullable() })),
  unreadable: z.array(z.strictObject({ path: z.string(), code: z.string(), message: z.string() })),
  passedOver: z.array(z.strictObject({ path: z.string(), why: z.string() })),
  /** When the newest of the shard's traces that could be judged was written, in ms since 1970. */
  newest: z.number().nullable(),
  /** Of the shard's files, and of all that can't be read. */
  results: z.array(traceResultSchema),
});
/** What one machine found in its part of an audit. */
export type ShardContents = Immutable<z.infer<typeof schema>>;
type Immutable<T> = { readonly [K in keyof T]: T[K] extends (infer One)[] ? readonly One[] : T[K] };

/** @throws P2mError P2M_OUTPUT, P2M_WRITE (usage) */
export function writeShard(path: string, contents: Omit<ShardContents, 'format' | 'tool'>): void {
  const text = jsonText({ format: FORMAT, tool: version(), ...contents });
  writeOutput(path, `${sha256(text)}\n${text}\n`);
}

/**
 * @throws P2mError P2M_OPEN, P2M_SHARD_DAMAGED if it is not as it was written, or no such file; P2M_SHARD if another
 *   version made it
 */
export function readShard(path: string): ShardContents {
  const text = textOf(path);
  const end = text.indexOf('\n');
  const contents = text.slice(end + 1, -1);
  if (!/^[0-9a-f]{64}$/.test(text.slice(0, Math.max(end, 0)))) throw damaged(path, 'it is no shard of an audit');
  if (!text.endsWith('\n') || sha256(contents) !== text.slice(0, end)) {
    throw damaged(path, 'it was cut or changed: its checksum does not match');
  }
  const value = parsed(contents);
  const head = headSchema.safeParse(value).data;
  if (head === undefined) throw damaged(path, 'it is no shard of an audit');
  if (head.tool !== version()) {
    throw new P2mError('P2M_SHARD', `p2mtrace ${head.tool} made it, and this is ${version()}`, {
      place: { file: path },
      remedy: 'have all shards made and merged by the same version',
    });
  }
  const { data, error } = schema.safeParse(value);
  if (data === undefined) throw damaged(path, `${error.issues[0].path.join('.')}: ${error.issues[0].message}`);
  return data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new P2mError('P2M_OPEN', `the shard can't be read (${code ?? message})`, {
      place: { file: path },
      remedy: 'check path and permissions',
    });
  }
}

const damaged = (path: string, why: string): P2mError =>
  new P2mError('P2M_SHARD_DAMAGED', why, {
    place: { file: path },
    remedy: 'copy the file again, or have its shard made again',
  });

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
