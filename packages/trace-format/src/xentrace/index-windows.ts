import type { RandomAccess } from '../read/file-access.js';
import { FileSource } from './byte-source.js';
import { WindowFinder } from './window-finder.js';
import type { Window } from './windows.js';

/** A view of words as bytes, for reads to fill. */
export function asBytes(words: Uint32Array, atWord: number, bytes: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset + atWord * 4, bytes);
}

/**
 * Finds every window of a file by hopping from header to header; damage is skipped and reported.
 * @throws P2mError P2M_NOT_XENTRACE, P2M_ENDIAN
 */
export function indexWindows(
  file: RandomAccess,
  pcpu: number | undefined,
): {
  windows: Window[];
  /** Bytes. */
  skipped: number;
  problems: string[];
} {
  const finder = new WindowFinder(new FileSource(file), file.path, pcpu);
  const windows: Window[] = [];
  for (let window = finder.next(); window !== undefined; window = finder.next()) windows.push(window);
  return { windows, skipped: finder.skipped, problems: finder.problems };
}
