import { createHash } from 'node:crypto';
import { basename } from 'node:path';

/** The value that Hive and all who read its layout take for null. */
const NULL_NAME = '__HIVE_DEFAULT_PARTITION__';
/** Of the name of a folder, in which other characters than letters and digits are three or more. */
const LONGEST_HOST = 180;
const CUT_HOST = 16;
const LONGEST_NAME = 64;

/** One night of one host; `host` is null where it is unknown. */
export interface Partition {
  /** UTC date, as 2026-11-29. */
  readonly night: string;
  readonly host: string | null;
}

/**
 * The name of a host as the dataset has it: as it is, but what is longer than any folder's name could be is cut, with a
 * hash for the rest. Empty is unknown.
 */
export function hostName(host: string | undefined): string | null {
  const name = wellFormed(host ?? '').replaceAll('\0', '\ufffd');
  if (name === '') return null;
  return encoded(name).length <= LONGEST_HOST ? name : `${wellFormed(name.slice(0, CUT_HOST))}~${hash(name, 8)}`;
}

/** `night=2026-11-29/host=lab1`: below the folder of a table. What a folder can't be called is written as %2F, as Hive does. */
export const partitionPath = ({ night, host }: Partition): string => `night=${night}/host=${encoded(host)}`;

/** The partition of such a path; undefined if it is none. */
export function partitionOf(path: string): Partition | undefined {
  const [, night, name] = /^night=(\d{4}-\d\d-\d\d)\/host=([\w.%~-]+)$/.exec(path) ?? [];
  if (night === undefined) return undefined;
  try {
    const host = name === NULL_NAME ? null : decodeURIComponent(name);
    return partitionPath({ night, host }) === path ? { night, host } : undefined;
  } catch {
    return undefined;
  }
}

/** Letters, digits, and what no reader takes for anything; a dot or underscore at the start hides a name from many. */
function encoded(host: string | null): string {
  if (host === null) return NULL_NAME;
  const plain = encodeURIComponent(host).replace(/[!'()*]/g, percent);
  return plain.replace(/^[._]/, percent);
}

const wellFormed = (text: string) => Buffer.from(text).toString('utf8');
const percent = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

/** The name of a trace in all tables: that of its file, as far as anything takes it, and the start of its content's hash. */
export function traceName(path: string, content: string): string {
  const plain = basename(path)
    .replace(/[^\w.-]/gu, '_')
    .replace(/^[._]+/, '')
    .slice(0, LONGEST_NAME);
  return `${plain === '' ? 'trace' : plain}-${content.slice(0, 12)}`;
}

/** Hex digits that stand for a text. */
export const hash = (text: string, digits: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, digits);
