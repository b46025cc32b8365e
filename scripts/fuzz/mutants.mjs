/** Inputs for the fuzzer, and what becomes of them. Everything follows from the seed. */

/** `random(n)`: a whole number from 0 to n - 1. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const CPU_CHANGE = 0x2001_f003;
/** Words that mean something somewhere: headers, sizes, limits, INVALID_MFN. */
const WORDS = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, CPU_CHANGE, 0xa001_f003, 0x6010_f004, 0xe010_f807, 4096];
/** Minors of TRC_MEM records with their payload words. */
const MEM = [
  [1, 1],
  [3, 1],
  [4, 6],
  [5, 2],
  [0x807, 6],
  [0x808, 6],
  [0x802, 6],
];

/** A capture of three pcpus with a few hundred records, most of them of a form that Xen has. */
export function capture(random) {
  const words = [];
  let tsc = 1_000_000;
  for (let window = 0; window < 40; window++) {
    const records = [];
    for (let n = 1 + random(12); n > 0; n--) {
      const [minor, size] = MEM[random(MEM.length)];
      const hasTsc = random(3) > 0;
      tsc += random(5000);
      records.push((0x0010_f000 + minor + size * 2 ** 28 + (hasTsc ? 2 ** 31 : 0)) >>> 0);
      if (hasTsc) records.push(tsc, 0);
      for (let i = 0; i < size; i++) records.push(random(4) === 0 ? 0 : random(1 << 16));
    }
    words.push(CPU_CHANGE, window % 3, records.length * 4, ...records);
  }
  return Buffer.from(Uint32Array.from(words).buffer);
}

export const ndjson = bytes => Buffer.from(bytes);

/** One to four changes of the bytes; which ones, depends on the kind of input. */
export function mutated(kind, bytes, random) {
  let result = Buffer.from(bytes);
  for (let n = 1 + random(4); n > 0 && result.length > 0; n--) {
    const changes =
      kind === 'ndjson' ? [...ANY, ...TEXT] : kind === 'bin' ? [...ANY, ...BINARY, ...WINDOWS] : [...ANY, ...BINARY];
    result = changes[random(changes.length)](result, random);
  }
  return result;
}

const cut = (bytes, from, count, ...insert) =>
  Buffer.concat([bytes.subarray(0, from), ...insert, bytes.subarray(from + count)]);
const bytesOf = (random, count) => Buffer.from(Array.from({ length: count }, () => random(256)));

const ANY = [
  (bytes, random) => {
    bytes[random(bytes.length)] ^= 1 << random(8);
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, random(bytes.length)),
  (bytes, random) => cut(bytes, random(bytes.length), 1 + random(40)),
  (bytes, random) => cut(bytes, random(bytes.length), 0, bytesOf(random, 1 + random(20))),
  (bytes, random) => cut(bytes, 0, random(64)),
  (bytes, random) => {
    const from = random(bytes.length);
    return cut(bytes, random(bytes.length), 0, bytes.subarray(from, from + random(200)));
  },
];
const BINARY = [
  (bytes, random) => {
    if (bytes.length >= 4) bytes.writeUInt32LE(WORDS[random(WORDS.length)], random(bytes.length >>> 2) * 4);
    return bytes;
  },
  (bytes, random) => bytes.fill(0, random(bytes.length), random(bytes.length)),
];
/** Changes of a window's header: its first word, its pcpu, its size. */
const WINDOWS = [
  (bytes, random) => {
    const headers = [];
    for (let at = 0; at + 12 <= bytes.length; at += 4) if (bytes.readUInt32LE(at) === CPU_CHANGE) headers.push(at);
    if (headers.length === 0) return bytes;
    const field = headers[random(headers.length)] + 4 * random(3);
    const word = bytes.readUInt32LE(field);
    const changed = [word + 1, word - 4, word ^ (1 << random(32)), word * 2, WORDS[random(WORDS.length)]];
    bytes.writeUInt32LE(changed[random(changed.length)] >>> 0, field);
    return bytes;
  },
];
const VALUES = [
  'null',
  '-1',
  '1e999',
  '"0xffffffffffffffffffff"',
  '[[[[]]]]',
  '{"a":{}}',
  '"\\u001b[31m\\n::error::"',
  '0.5',
  'true',
];
const TEXT = [
  (bytes, random) => {
    const values = [...bytes.toString('latin1').matchAll(/:\s*("[^"]*"|[-\w.]+)/g)];
    if (values.length === 0) return bytes;
    const [found, value] = values[random(values.length)].concat();
    const at = bytes.toString('latin1').indexOf(found) + found.length - value.length;
    return cut(bytes, at, value.length, Buffer.from(VALUES[random(VALUES.length)]));
  },
  (bytes, random) =>
    Buffer.from(bytes.toString('latin1').replaceAll('\n', ['\r', '\r\n', '\n\n', '\0'][random(4)]), 'latin1'),
  (bytes, random) => cut(bytes, random(bytes.length), 0, Buffer.from('['.repeat(1 + random(50_000)))),
];
