import { CPU_CHANGE_BYTES, CPU_CHANGE_HEADER } from '../schema/xentrace-records.js';
import type { ByteSource } from './byte-source.js';

/** The start of a window: which pcpu, and how many bytes of records follow. */
export interface WindowHeader {
  readonly pcpu: number;
  readonly bytes: number;
}

export interface Window extends WindowHeader {
  /** Of its first record. */
  readonly offset: number;
}

/** No Xen has more pcpus, so a header that claims more is damage. */
const MAX_PCPU = 4096;
const PATTERN = Buffer.from(Uint32Array.of(CPU_CHANGE_HEADER).buffer);
const BLOCK = 1 << 20;

/** The window header there (docs/xen.md#windows-and-order); undefined if it is none, or not known as a whole. */
export function windowHeaderAt(source: ByteSource, at: number): WindowHeader | undefined {
  if (at + CPU_CHANGE_BYTES > source.size) return undefined;
  const bytes = source.bytes(at, CPU_CHANGE_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== CPU_CHANGE_HEADER) return undefined;
  const pcpu = view.getUint32(4, true);
  return pcpu < MAX_PCPU ? { pcpu, bytes: view.getUint32(8, true) } : undefined;
}

/** Offset of the first window header in [from, to), at whatever byte; -1 if none is known. */
export function findWindowHeader(source: ByteSource, from: number, to: number): number {
  const limit = Math.min(to, source.size - CPU_CHANGE_BYTES + 1);
  for (let at = from; at < limit; ) {
    const length = Math.min(BLOCK, source.size - at);
    const bytes = source.bytes(at, length);
    const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(PATTERN);
    if (found < 0) {
      at += Math.max(1, length - PATTERN.length + 1);
      continue;
    }
    at += found;
    if (at >= limit) return -1;
    if (windowHeaderAt(source, at) !== undefined) return at;
    at++;
  }
  return -1;
}

/** True for the first bytes of a window header, however few. */
export function beginsHeader(bytes: Uint8Array): boolean {
  return PATTERN.every((byte, i) => i >= bytes.length || bytes[i] === byte);
}

/** True if what lies there was a window header once: few of its bits differ, or its size leads to the next window. */
export function wasWindowHeader(source: ByteSource, at: number, next: number): boolean {
  if (at + CPU_CHANGE_BYTES > source.size) return false;
  const bytes = source.bytes(at, CPU_CHANGE_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (
    bitCount(view.getUint32(0, true) ^ CPU_CHANGE_HEADER) <= 4 ||
    view.getUint32(8, true) === next - at - CPU_CHANGE_BYTES
  );
}

function bitCount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}
