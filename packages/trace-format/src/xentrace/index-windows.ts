import type { RandomAccess } from '../read/file-access.js';
import { CPU_CHANGE_BYTES } from '../schema/xentrace-records.js';
import { type WindowHeader, windowHeader } from './windows.js';

export interface Window extends WindowHeader {
  readonly offset: number;
}

/** A view of words as bytes, for reads to fill. */
export function asBytes(words: Uint32Array, atWord: number, bytes: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset + atWord * 4, bytes);
}

/** Finds every window of a file by hopping from header to header; damage is skipped and reported. */
export function indexWindows(file: RandomAccess): {
  windows: Window[];
  /** Bytes. */
  skipped: number;
  problems: string[];
} {
  const problems: string[] = [];
  const windows: Window[] = [];
  const header = new Uint32Array(CPU_CHANGE_BYTES / 4);
  let skipped = 0;
  let at = 0;
  while (at < file.size) {
    if (file.size - at < CPU_CHANGE_BYTES) {
      problems.push(`the capture was cut: ${file.size - at} bytes of a window header at byte 0x${at.toString(16)}`);
      return { windows, skipped: skipped + file.size - at, problems };
    }
    file.read(asBytes(header, 0, CPU_CHANGE_BYTES), at);
    const found = windowHeader(header);
    if (found === undefined) {
      const next = findWindow(file, at + 4);
      problems.push(`no window at byte 0x${at.toString(16)}: ${next - at} bytes were skipped`);
      skipped += next - at;
      at = next;
      continue;
    }
    const offset = at + CPU_CHANGE_BYTES;
    const bytes = Math.min(found.bytes, file.size - offset);
    if (bytes < found.bytes) {
      problems.push(`the capture was cut: the window at byte 0x${at.toString(16)} lacks ${found.bytes - bytes} bytes`);
    }
    windows.push({ pcpu: found.pcpu, offset, bytes });
    at = offset + bytes;
  }
  return { windows, skipped, problems };
}

/** Offset of the next plausible window header at or after `from`, or the end of the file. */
function findWindow(file: RandomAccess, from: number): number {
  const words = new Uint32Array(1 << 16);
  for (let at = from; at + CPU_CHANGE_BYTES <= file.size; ) {
    const count = Math.min(words.length, (file.size - at) >>> 2);
    file.read(asBytes(words, 0, count * 4), at);
    for (let i = 0; i + 2 < count; i++) {
      const found = windowHeader(words, i);
      const offset = at + i * 4 + CPU_CHANGE_BYTES;
      if (found !== undefined && found.bytes % 4 === 0 && found.bytes <= file.size - offset) return at + i * 4;
    }
    if (count < words.length) break;
    at += (count - 2) * 4;
  }
  return file.size;
}
