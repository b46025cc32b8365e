import { closeSync, openSync, readSync } from 'node:fs';
import { KINDS } from '@p2mtrace/trace-format';
import { isP2mError } from '../exit.js';
import { type CompressionName, compressionOf } from '../input/compressed/compressions.js';
import { decompressorOf } from '../input/compressed/decompressor-of.js';

/** Where the first window of a damaged capture, or the first line behind comments, is looked for. */
const HEAD = 1 << 16;
/** So much of a gzip can't become more than half a megabyte; a first block of zstd or xz always lies in as much. */
const COMPRESSED_HEAD = { gzip: 512, zstd: 1 << 18, xz: 1 << 18 };

/** Names that say what a file is meant to be, whatever is in it. */
const NAMED = /\.(?:arrow|bin|xentrace|ndjson|jsonl)(?:\.(?:gz|xz|zst|bz2))?$/;
/** Endings of files that p2mtrace makes beside traces. */
const BESIDE = /\.(?:p2mi|p2mfacts)(?:\..*)?$|\.p2ma$|\.partial(?:-\d+)?$|\.damaged$|\.lock$/;

/** Of what a file of a folder is, as far as an audit cares. */
export type Recognised = 'input' | 'ours' | 'other';

/**
 * Whether a file of a folder is a trace or capture: by its content, or else by its name, as one that is damaged must not
 * be passed over. @throws Error of the file system
 */
export async function recognise(path: string): Promise<Recognised> {
  if (BESIDE.test(path)) return 'ours';
  if (NAMED.test(path)) return 'input';
  const head = headOf(path, HEAD);
  const compression = compressionOf(head);
  const contents = compression === undefined ? head : await decompressedHead(path, compression);
  return isInput(contents) ? 'input' : 'other';
}

/** Whether a file is a trace already. @throws Error of the file system */
export function isTrace(path: string): boolean {
  return isArrow(headOf(path, 8));
}

function isInput(head: Buffer): boolean {
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

/** The first contents of a compressed file, as far as they are not damaged. */
async function decompressedHead(path: string, compression: CompressionName): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const begin = (async function* () {
    yield headOf(path, COMPRESSED_HEAD[compression]);
  })();
  try {
    const decompress = await decompressorOf(compression);
    for await (const piece of decompress(begin, path, () => undefined)) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes >= HEAD) break;
    }
  } catch (error) {
    if (!isP2mError(error)) throw error;
  }
  return Buffer.concat(pieces);
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
