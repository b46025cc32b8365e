import { P2mError } from '../errors.js';

/** What the system's errors mean to somebody who wants a file, and what helps. */
const EXPLAINED: Readonly<Record<string, readonly [why: string, remedy: string]>> = {
  EACCES: ['permission is missing', 'name a file in a folder that this user may write to'],
  EBADF: ['it is not open for writing', 'open the descriptor for writing, or name a file'],
  EBUSY: ['something else is using it', 'name another file'],
  EDQUOT: ['the disk quota is used up', 'make room, or name a file elsewhere'],
  EFBIG: ['files may not be so large here', 'raise ulimit -f, or name a file on another file system'],
  EINVAL: ['the file system does not take such a file', 'name a file on another file system'],
  EIO: ['the device fails', 'look into the log of the system, and name a file on another device'],
  EISDIR: ['it is a directory', 'name a file'],
  ELOOP: ['symbolic links go round in circles', 'name the file itself'],
  EMFILE: ['this process may not open more files', 'raise ulimit -n'],
  ENAMETOOLONG: ['its name is too long', 'choose a shorter name'],
  ENFILE: ['the system has too many files open', 'end what has them open, or raise fs.file-max'],
  ENODEV: ['there is no such device', 'name a file'],
  ENOENT: ['there is no such file or folder', 'make the folder, or name another file'],
  ENOMEM: ['the system is out of memory', 'end other processes'],
  ENOSPC: ['no space is left', 'make room on the disk, or name a file on another one'],
  ENOTDIR: ['a part of its path is no folder', 'correct the path'],
  ENXIO: ['nobody listens there', 'name a file'],
  EPERM: ['it is not permitted', 'name a file in a folder that this user may write to'],
  EPIPE: ['its reader went away', 'let the reader read to the end'],
  EROFS: ['the file system is read-only', 'name a file on another one'],
  ESTALE: ['the network file system lost it', 'mount it again'],
  ETXTBSY: ['it is a program that is running', 'name another file'],
};

/** An error of a system call, which says nothing of a bug. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'syscall' in error && typeof (error as NodeJS.ErrnoException).code === 'string';
}

/** The error in words, such as `no space is left (ENOSPC)`, and what to do. */
export function explainSystemError({ code, message }: NodeJS.ErrnoException & { code: string }) {
  const [why, remedy] = EXPLAINED[code] ?? [message, 'correct that, or name another file'];
  return { why: `${why} (${code})`, remedy };
}

/** An error of the system as one of an output; any other error stays as it is. */
export function outputError(path: string, error: unknown, what = "it can't be written"): unknown {
  if (!isSystemError(error)) return error;
  const { why, remedy } = explainSystemError(error);
  return new P2mError('P2M_WRITE', `${what}: ${why}`, { blame: 'usage', place: { file: path }, remedy, cause: error });
}

/** Does work on an output. @throws P2mError P2M_WRITE (usage) in place of errors of the system */
export function toldOf<T>(path: string, work: () => T, what?: string): T {
  try {
    return work();
  } catch (error) {
    throw outputError(path, error, what);
  }
}
