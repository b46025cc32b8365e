import { createHash } from 'node:crypto';
import { readFileSync, renameSync } from 'node:fs';
import type * as z from 'zod';
import { jsonText } from '../render/json.js';
import { writeAtomically } from './write-atomically.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Stores a value as JSON behind a line with its checksum. @throws P2mError P2M_OUTPUT (usage) */
export function writeSealed(path: string, value: unknown): void {
  const text = jsonText(value);
  writeAtomically(path, `${sha256(text)}\n${text}`);
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

/** Puts a file aside under a name that says why; returns that name, undefined if that can't be done. */
export function putAside(path: string): string | undefined {
  const aside = `${path}.damaged`;
  try {
    renameSync(path, aside);
    return aside;
  } catch {
    return undefined;
  }
}
