import { accessSync, type BigIntStats, constants, lstatSync, readlinkSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type P2mError, usageError } from '../errors.js';
import { toldOf } from './system-error.js';

/** Links that may lead to a file, one after the other, as in the kernel. */
const MOST_LINKS = 40;

/** A regular file that an output replaces, or makes. */
export interface FileTarget {
  /** The path as it was given, for messages. */
  readonly name: string;
  /** The path behind symbolic links. */
  readonly path: string;
  /** The file that is there now. */
  readonly old: { readonly mode: number; readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Follows symbolic links to the file that an output replaces: the links stay. A file that is not there yet is made where
 * the last link points. In a folder where everybody may write, such as /tmp, only links of one's own are followed, or
 * those of the folder's owner. `follow` is false for files that nobody named, such as caches: there a link is refused.
 * @throws P2mError P2M_OUTPUT (usage) if it is no regular file, or can't be replaced; P2M_WRITE (usage)
 */
export function fileTarget(name: string, follow = true): FileTarget {
  checkName(name);
  let path = name;
  for (let links = 0; ; links++) {
    // In bigints, like those of an OutputKind.
    const found = toldOf(name, () => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
    if (found?.isSymbolicLink() !== true) return checked(name, path, found);
    if (!follow) throw refused(name, 'is a symbolic link', 'remove it');
    if (links === MOST_LINKS) throw refused(name, 'symbolic links go round in circles', 'name the file itself');
    const folder = dirname(path);
    if (!isTrusted(found, statSync(folder, { bigint: true }))) {
      throw refused(name, `${path} is another user's link in a folder of all users`, 'name the file itself');
    }
    path = resolve(folder, readlinkSync(path));
  }
}

/** @throws P2mError P2M_OUTPUT (usage) if no file can have the name */
export function checkName(name: string): void {
  if (name === '' || name.includes('\0')) throw refused(name, 'no file can have such a name', 'name a file');
  if (name.includes('\ufffd')) throw refused(name, 'the name is not UTF-8', 'choose a name in UTF-8');
  if (name.endsWith('/')) throw refused(name, 'it is a directory', 'name a file');
}

function checked(name: string, path: string, old: BigIntStats | undefined): FileTarget {
  if (old === undefined) return { name, path, old };
  if (old.isDirectory()) throw refused(name, 'it is a directory', 'name a file');
  if (!old.isFile()) throw refused(name, 'it is no regular file', 'name a file');
  // A rename asks only for the right to write to the folder.
  toldOf(name, () => accessSync(path, constants.W_OK));
  return { name, path, old: { mode: Number(old.mode) & 0o777, uid: Number(old.uid), gid: Number(old.gid) } };
}

/** As the kernel has it for sysctl fs.protected_symlinks. */
function isTrusted(link: BigIntStats, folder: BigIntStats): boolean {
  const isShared = (Number(folder.mode) & 0o1002) === 0o1002;
  return !isShared || link.uid === folder.uid || Number(link.uid) === process.geteuid?.();
}

function refused(name: string, why: string, remedy: string): P2mError {
  return usageError('P2M_OUTPUT', `${name} can't be written: ${why}`, remedy);
}
