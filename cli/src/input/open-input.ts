import { closeSync, createReadStream, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { isatty } from 'node:tty';
import { P2mError, usageError } from '@p2mtrace/trace-format/errors';
import {
  type CompressionName,
  compressedTwice,
  compressionOf,
  cutAtOnce,
  cutNotice,
} from './compressed/compressions.js';
import { decompressorOf } from './compressed/decompressor-of.js';
import { detectContent, HEAD_BYTES, type InputFormat, peek } from './detect.js';
import { Interruptible } from './interruptible.js';
import { PipeInput } from './pipe-input.js';

const STDIN = 0;

/** An input to import: a file that can be read at any offset, or a stream. */
export interface Input {
  readonly format: InputFormat;
  /** Its name in errors and in the trace's metadata. */
  readonly name: string;
  /** Size of the file in bytes, compressed or not; undefined for a pipe. */
  readonly size: number | undefined;
  readonly stream: AsyncIterable<Uint8Array> | undefined;
  readonly isCompressed: boolean;
  /** Where the bytes of a stream come from. */
  readonly source: Interruptible | undefined;
  /** Problems of the input that the importer does not see; filled while the input is read. */
  readonly problems: string[];
}

/**
 * Opens an input and finds out what it is.
 * @throws P2mError P2M_OPEN, P2M_NOT_A_FILE, P2M_EMPTY, P2M_GZIP, P2M_ZSTD, P2M_XZ, P2M_MAX_BYTES (limit), P2M_STDIN
 * (usage)
 */
export async function openInput(path: string, forced: InputFormat | undefined, maxBytes?: number): Promise<Input> {
  const stat = path === '-' ? undefined : statOf(path);
  if (stat?.isDirectory() === true) {
    throw new P2mError('P2M_NOT_A_FILE', `${path} is a directory`, { remedy: 'name a file; a pipe is read as -' });
  }
  const size = stat?.isFile() === true ? stat.size : undefined;
  if (size !== undefined) {
    const head = headOf(path);
    if (compressionOf(head) === undefined) {
      const format = forced ?? known(head, path);
      return { format, name: path, size, stream: undefined, isCompressed: false, source: undefined, problems: [] };
    }
  }
  if (path === '-' && isatty(STDIN)) {
    throw usageError(
      'P2M_STDIN',
      'stdin is a terminal',
      'pipe a capture into it: xentrace … /dev/stdout | p2mtrace import - …',
    );
  }
  const from = path === '-' ? openStdin() : createReadStream(path, { highWaterMark: 1 << 20 });
  const input = await openStream(new Interruptible(from, path), path, size, forced, maxBytes);
  // Who reads a capture keeps a copy of what it still needs.
  if (from instanceof PipeInput && input.format === 'xentrace' && !input.isCompressed) from.copies = false;
  return input;
}

/** A pipe or a socket; a file and the like are left to Node. */
function openStdin(): PipeInput | typeof process.stdin {
  const stat = fstatSync(STDIN);
  return stat.isFIFO() || stat.isSocket() ? new PipeInput(STDIN) : process.stdin;
}

async function openStream(
  source: Interruptible,
  name: string,
  size: number | undefined,
  forced: InputFormat | undefined,
  maxBytes: number | undefined,
): Promise<Input> {
  const problems: string[] = [];
  let [head, stream] = await peek(source.pieces());
  const compression = compressionOf(head);
  if (compression !== undefined) {
    const decompress = await decompressorOf(compression);
    const onCut = (bytes: number) => problems.push(cutNotice(compression, bytes));
    [head, stream] = await peek(decompress(stream, name, onCut, maxBytes));
    if (head.length === 0 && problems.length > 0) throw cutAtOnce(compression, name);
  }
  const format = forced ?? known(head, name, compression);
  return { format, name, size, stream, isCompressed: compression !== undefined, source, problems };
}

/** The form of contents that begin so. @param outer the compression that they were in */
function known(head: Uint8Array, name: string, outer?: CompressionName): InputFormat {
  const inner = compressionOf(head);
  if (outer !== undefined && inner !== undefined) throw compressedTwice(outer, inner, name);
  const content = detectContent(head);
  if (content === 'xentrace' || content === 'ndjson' || content === 'std') return content;
  throw new P2mError('P2M_EMPTY', 'the input is empty', {
    place: { file: name },
    remedy: 'was anything recorded? xentrace -D -e 0x0014f000 FILE',
  });
}

function statOf(path: string): Stats {
  return opened(path, () => statSync(path));
}

function headOf(path: string): Uint8Array {
  return opened(path, () => {
    const fd = openSync(path, 'r');
    try {
      const head = new Uint8Array(HEAD_BYTES);
      return head.subarray(0, readSync(fd, head));
    } finally {
      closeSync(fd);
    }
  });
}

function opened<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const what = code === 'ENOENT' ? 'there is no such file' : `it can't be opened (${code})`;
    throw new P2mError('P2M_OPEN', what, { place: { file: path }, remedy: 'check the path', cause });
  }
}
