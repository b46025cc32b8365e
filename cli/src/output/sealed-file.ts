import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeOutput } from '@p2mtrace/trace-format/output';
import type * as z from 'zod';
import { jsonText } from '../render/json.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Stores a value as JSON behind a line with its checksum. @throws P2mError P2M_OUTPUT, P2M_WRITE (usage) */
export function writeSealed(path: string, value: unknown): void {
  const text = jsonText(value);
  writeOutput(path, `${sha256(text)}\n${text}`, { follow: false });
}

/**
 * The value; undefined if there is none, it can't be read now, or what is there is not what was written: `onDamaged` is
 * told of the last.
 */
export function readSealed<T>(path: string, schema: z.ZodType<T>, onDamaged: (path: string) => void): T | undefined {
  let sealed: string;
  try {
    sealed = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  const end = sealed.indexOf('\n');
  const text = sealed.slice(end + 1);
  const value = sha256(text) === sealed.slice(0, end) ? schema.safeParse(JSON.parse(text)).data : undefined;
  if (value === undefined) onDamaged(path);
  return value;
}
