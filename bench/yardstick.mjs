import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export const DATA = join(import.meta.dirname, '.data');
export const TRACE = join(DATA, 'yardstick.arrow');
const CAPTURE = join(import.meta.dirname, '../../shared/captures/instrumented-pvh.bin');
/** Repetitions for the yardstick itself: 10.4 million records. */
const REPEATS = 12;
const CPU_CHANGE = 0x2001f003;

/** A real capture repeated several times, each with its TSCs shifted past the last. Made once, kept in bench/.data. */
export function makeYardstick(repeats = REPEATS) {
  const path = join(DATA, `yardstick-${repeats}.bin`);
  if (existsSync(path)) return path;
  mkdirSync(DATA, { recursive: true });
  const fd = openSync(path, 'w');
  for (const bytes of repeated(repeats)) writeSync(fd, bytes);
  closeSync(fd);
  return path;
}

/** The bytes of a real capture so many times, each with its TSCs behind the last. */
export function* repeated(repeats) {
  if (!existsSync(CAPTURE)) throw new Error('the benches need ../shared/captures/instrumented-pvh.bin');
  const bytes = readFileSync(CAPTURE);
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const { positions, span } = tscPositions(words);
  for (let i = 0; i < repeats; i++) {
    yield bytes;
    for (const at of positions) {
      const tsc = ((BigInt(words[at + 1]) << 32n) | BigInt(words[at])) + span;
      words[at] = Number(tsc & 0xffff_ffffn);
      words[at + 1] = Number(tsc >> 32n);
    }
  }
}

function tscPositions(words) {
  const positions = [];
  let first = 1n << 64n;
  let last = 0n;
  for (let at = 0; at < words.length; ) {
    const header = words[at];
    if (header === CPU_CHANGE) {
      at += 3;
      continue;
    }
    if (header >>> 31 === 1) {
      positions.push(at + 1);
      const tsc = (BigInt(words[at + 2]) << 32n) | BigInt(words[at + 1]);
      if (tsc < first) first = tsc;
      if (tsc > last) last = tsc;
    }
    at += 1 + ((header >>> 31) << 1) + ((header >>> 28) & 7);
  }
  return { positions, span: last - first + 1_000_000n };
}
