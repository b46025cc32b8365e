import { closeSync, createReadStream, openSync, readSync, type Stats, statSync } from 'node:fs';
import { P2mError, usageError } from '@p2mtrace/trace-format/errors';
import { detectContent, HEAD_BYTES, type InputFormat, peek } from './detect.js';
import { gunzip } from './gunzip.js';
import { Interruptible } from './interruptible.js';

/** An input to import: a file that can be read at any offset, or a stream. */
export interface Input {
  readonly format: InputFormat;
  /** Its name in errors and in the trace's metadata. */
  readonly name: string;
  /** Size of the file in bytes, compressed or not; undefined for a pipe. */
  readonly size: number | undefined;
  readonly stream: AsyncIterable<Uint8Array> | undefined;
  /** Where the bytes of a stream come from. */
  readonly source: Interruptible | undefined;
  /** Problems of the input that the importer does not see; filled while the input is read. */
  readonly problems: string[];
}

/**
 * Opens an input and finds out what it is.
 * @throws P2mError P2M_OPEN, P2M_NOT_A_FILE, P2M_EMPTY, P2M_GZIP, P2M_MAX_BYTES (limit), P2M_STDIN (usage)
 */
export async function openInput(path: string, forced: InputFormat | undefined, maxBytes?: number): Promise<Input> {
  const stat = path === '-' ? undefined : statOf(path);
  if (stat?.isDirectory() === true) {
    throw new P2mError('P2M_NOT_A_FILE', `${path} is a directory`, { remedy: 'name a file; a pipe is read as -' });
  }
  const size = stat?.isFile() === true ? stat.size : undefined;
  if (size !== undefined) {
    const content = detectContent(headOf(path));
    if (content !== 'gzip') {
      const format = forced ?? known(content, path);
      return { format, name: path, size, stream: undefined, source: undefined, problems: [] };
    }
  }
  if (path === '-' && process.stdin.isTTY === true) {
    throw usageError(
      'P2M_STDIN',
      'stdin is a terminal',
      'pipe a capture into it: xentrace … /dev/stdout | p2mtrace import - …',
    );
  }
  const from = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 1 << 20 });
  return openStream(new Interruptible(from, path), path, size, forced, maxBytes);
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
  let content = detectContent(head);
  if (content === 'gzip') {
    [head, stream] = await peek(
      gunzip(stream, name, bytes => problems.push(`P2M_GZIP: the gzip was cut behind byte ${bytes}`), maxBytes),
    );
    content = detectContent(head);
    if (content === 'empty' && problems.length > 0) {
      throw new P2mError('P2M_GZIP', 'the gzip was cut before its first byte of contents', {
        place: { file: name },
        remedy: 'copy the file again; gzip -t checks it',
      });
    }
  }
  return { format: forced ?? known(content, name), name, size, stream, source, problems };
}

function known(content: ReturnType<typeof detectContent>, name: string): InputFormat {
  if (content === 'xentrace' || content === 'ndjson' || content === 'std') return content;
  const what = content === 'empty' ? 'the input is empty' : 'the gzip holds another gzip';
  throw new P2mError(content === 'empty' ? 'P2M_EMPTY' : 'P2M_GZIP', what, {
    place: { file: name },
    remedy: content === 'empty' ? 'was anything recorded? xentrace -D -e 0x0014f000 FILE' : 'decompress it once',
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
