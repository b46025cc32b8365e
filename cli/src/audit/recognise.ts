import { closeSync, openSync, readSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { KINDS } from '@p2mtrace/trace-format';

/** Where the first window of a damaged capture, or the first line behind comments, is looked for. */
const HEAD = 1 << 16;
/** So much of a gzip can't become more than half a megabyte. */
const GZIP_HEAD = 512;

/** Names that say what a file is meant to be, whatever is in it. */
const NAMED = /\.(?:arrow|bin|xentrace|ndjson|jsonl)(?:\.(?:gz|xz|zst|bz2))?$/;
/** Endings of files that p2mtrace makes beside traces. */
const BESIDE = /\.(?:p2mi|p2mfacts)(?:\..*)?$|\.partial(?:-\d+)?$|\.damaged$|\.lock$/;

/** Of what a file of a folder is, as far as an audit cares. */
export type Recognised = 'input' | 'ours' | 'other';

/**
 * Whether a file of a folder is a trace or capture: by its content, or else by its name, as one that is damaged must not
 * be passed over. @throws Error of the file system
 */
export function recognise(path: string): Recognised {
  if (BESIDE.test(path)) return 'ours';
  return NAMED.test(path) || isInput(headOf(path, HEAD)) ? 'input' : 'other';
}

/** Whether a file is a trace already. @throws Error of the file system */
export function isTrace(path: string): boolean {
  return isArrow(headOf(path, 8));
}

function isInput(head: Buffer): boolean {
  if (head[0] === 0x1f && head[1] === 0x8b) return isInput(inflated(head.subarray(0, GZIP_HEAD)));
  return isArrow(head) || isCapture(head) || isNdjson(head);
}

/** The file form, or the stream form with its first message. */
function isArrow(head: Buffer): boolean {
  const start = head.subarray(0, 6).toString('latin1');
  return start === 'ARROW1' || (head.length >= 8 && head.readUInt32LE(0) === 0xffff_ffff && head.readInt32LE(4) > 0);
}

/** A record that begins a window (TRC_TRACE_CPU_CHANGE with two words), in either byte order. */
function isCapture(head: Buffer): boolean {
  return [Buffer.of(0x03, 0xf0, 0x01, 0x20), Buffer.of(0x20, 0x01, 0xf0, 0x03)].some(word => head.includes(word));
}

/** A header or an event in the first line that is neither blank nor a comment. */
function isNdjson(head: Buffer): boolean {
  for (const line of head
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/[\r\n]+/)) {
    if (line.trim() === '' || /^\s*(?:#|\/\/)/.test(line)) continue;
    const [, kind] = /^\s*\{.*"kind"\s*:\s*"(\w+)"/.exec(line) ?? [];
    return (kind !== undefined && KINDS.some(({ name }) => name === kind)) || /^\s*\{\s*"p2mtrace"\s*:\s*\d/.test(line);
  }
  return false;
}

function inflated(gzip: Buffer): Buffer {
  try {
    return gunzipSync(gzip, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}

function headOf(path: string, length: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(length);
    return head.subarray(0, readSync(fd, head));
  } finally {
    closeSync(fd);
  }
}
